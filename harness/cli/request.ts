import { UsageError } from '../errors.ts';
import { hintFor } from '../expression/did-you-mean.ts';
import { PROTOCOL } from '../engine/protocol.ts';
import type { Request } from '../engine/protocol.ts';
import type { Plan } from '../scenario/model.ts';
import { plansOf } from '../scenario/plans.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { loadById } from './catalogue.ts';
import type { Catalogue } from './catalogue.ts';

export interface PlanWishes {
  /** `name=value`, as typed. */
  set: readonly string[];
  repeat: number;
}

export interface RequestWishes
  extends PlanWishes, Pick<Request, 'launcher' | 'seed' | 'jobs' | 'full' | 'timeout' | 'noSkip'> {}

/** What the engine is asked to do: the plans, and the probes of every change that they mention. */
export function buildRequest(catalogue: Catalogue, wishes: RequestWishes, cwd: string): Request {
  const { launcher, seed, jobs, full, timeout, noSkip } = wishes;
  const plans = plansFor(catalogue, wishes);
  const mentioned = new Set(plans.flatMap((plan) => plan.changes));
  const changes = catalogue.changes.filter(({ id }) => mentioned.has(id));
  return {
    protocol: PROTOCOL,
    plans,
    probes: probesOf(changes, catalogue, cwd),
    changes,
    launcher,
    seed,
    jobs,
    full,
    timeout,
    noSkip,
  };
}

/**
 * The plans of the selected scenarios. A param set from outside goes to those scenarios that have it.
 * @throws UsageError when none has it
 */
export function plansFor({ scenarios }: Pick<Catalogue, 'scenarios'>, { set, repeat }: PlanWishes): Plan[] {
  const given = Object.fromEntries(set.map(parseSetting));
  const known = new Set(scenarios.flatMap(({ params }) => Object.keys(params)));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) throw new UsageError(`no selected scenario has a param ${name}`, hintFor(name, known));
  }
  return scenarios.flatMap((scenario) => plansOf(scenario, { set: own(scenario, given), repeat }));
}

const own = ({ params }: Scenario, given: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(params, name)));

function parseSetting(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at <= 0)
    throw new UsageError(`--set ${text}: not name=value`, '--set backlog=7, or --set backlog=1,2,8 for a sweep');
  return [text.slice(0, at), text.slice(at + 1)];
}

function probesOf(changes: Catalogue['changes'], { context }: Catalogue, cwd: string): Record<string, Plan> {
  const probed = changes.flatMap(({ id, probe }) => (probe === undefined ? [] : [{ id, probe }]));
  const scenarios = loadById([...new Set(probed.map(({ probe }) => probe))], context, cwd);
  return Object.fromEntries(
    probed.map(({ id, probe }) => {
      const plans = plansOf(scenarios.get(probe)!);
      if (plans.length !== 1 || !plans[0]!.probe)
        throw new UsageError(`${probe} is no probe of one question, as changes.yaml has it`);
      return [id, plans[0]!];
    }),
  );
}

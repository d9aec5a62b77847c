import { sysctlsIn } from '../expression/syntax.ts';
import type { Plan, PlannedStep } from '../scenario/model.ts';

/** A plan with one thing wrong in it, and what. */
export interface Mutant {
  what: string;
  plan: Plan;
}

type Args = PlannedStep['args'];

/** How one argument of a step kind is perturbed; undefined where it does not apply. */
interface Perturbation {
  kinds: readonly string[];
  what: string;
  change: (args: Args) => Args | undefined;
}

const more =
  (key: string, by: number) =>
  (args: Args): Args | undefined => {
    const value = args[key] ?? 1;
    return typeof value === 'number' && value + by >= 0 ? { ...args, [key]: value + by } : undefined;
  };

/** Where everything is accepted at once, the backlog does not matter. */
const backlog = (by: number) => (args: Args) => (args['accept'] === 'all' ? undefined : more('backlog', by)(args));

const PERTURBATIONS: readonly Perturbation[] = [
  { kinds: ['listen', 'relisten'], what: 'backlog one more', change: backlog(1) },
  { kinds: ['listen', 'relisten'], what: 'backlog one less', change: backlog(-1) },
  { kinds: ['flood'], what: 'one SYN more', change: more('syns', 1) },
  {
    kinds: ['connect'],
    what: 'one connection more',
    change: (args) => (args['port'] === undefined ? more('count', 1)(args) : undefined),
  },
  { kinds: ['request'], what: 'one request more', change: more('count', 1) },
  {
    kinds: ['send'],
    what: 'one byte more',
    change: (args) =>
      typeof args['data'] === 'string' ? { ...args, data: `${args['data']}!` } : more('bytes', 1)(args),
  },
  {
    kinds: ['close'],
    what: 'the other way of closing',
    change: ({ linger, ...args }) => (linger === 0 ? args : { ...args, linger: 0 }),
  },
];

/** Steps that can be left out without making the file wrong: nothing later needs what they make to exist. */
const DROPPABLE = new Set([
  'flood',
  'segment',
  'block',
  'unblock',
  'pause',
  'relisten',
  'send',
  'shutdown',
  'close',
  'kill',
  'resume',
  'sysctl',
  'setsockopt',
  'request',
]);

/** A value that no kernel has by default, for a machine that somebody tuned. */
const TUNED = 77;

/** Every plan that differs from this one in one thing. `own`: the sysctls that the scenario sets itself, by host. */
export function mutantsOf(plan: Plan, own: Readonly<Record<string, readonly string[]>>): Mutant[] {
  const mutants: Mutant[] = [];
  const mutate = (what: string, change: Partial<Plan>) => mutants.push({ what, plan: { ...plan, ...change } });
  plan.steps.forEach((step, index) => {
    const where = `${step.kind}${step.name === undefined ? '' : ` ${step.name}`} (line ${step.position.line})`;
    const replaced = (args: Args) => plan.steps.map((one, i) => (i === index ? { ...one, args } : one));
    for (const { kinds, what, change } of PERTURBATIONS) {
      const args = kinds.includes(step.kind) ? change(step.args) : undefined;
      if (args) mutate(`${where}: ${what}`, { steps: replaced(args) });
    }
    if (step.kind === 'segment')
      mutate(`${where}: sent twice`, {
        steps: plan.steps.map((one, i) => (i === index ? { ...one, repeat: 2 } : one)),
      });
    if (DROPPABLE.has(step.kind))
      mutate(`${where}: left out`, { steps: plan.steps.filter((_, i) => i !== index && !needs(plan.steps[i]!, step)) });
  });
  const tune = (host: string, name: string, value: number) => {
    const sysctl = { ...plan.hosts[host]?.sysctl, [name]: value };
    mutate(`${host}: ${name} ${plan.hosts[host]?.sysctl[name] ?? 'untouched'} to ${value}`, {
      hosts: { ...plan.hosts, [host]: { sysctl } },
    });
  };
  for (const [host, { sysctl }] of Object.entries(plan.hosts)) {
    const listens = plan.steps.some(({ kind, args }) => kind === 'listen' && args['on'] === host);
    const flooded = listens && plan.steps.some(({ kind }) => kind === 'flood');
    for (const [name, value] of Object.entries(sysctl)) {
      const decides = own[host]?.includes(name) || (flooded && name === 'net.ipv4.tcp_syncookies');
      if (typeof value === 'number' && decides) tune(host, name, value === 0 ? 1 : value === 1 ? 0 : value + 1);
    }
    // Where nothing is set, the scenario is about what a kernel does untuned.
    if (Object.keys(sysctl).length === 0) for (const name of namedOf(host, plan)) tune(host, name, TUNED);
  }
  return mutants;
}

/** A step that only undoes or awaits another goes with it. */
function needs(step: PlannedStep, dropped: PlannedStep): boolean {
  if (dropped.name === undefined) return false;
  return (
    (step.kind === 'unblock' && step.args['block'] === dropped.name) ||
    (step.kind === 'join' && step.args['step'] === dropped.name)
  );
}

/** Sysctls of a host that the expectations look at. */
function namedOf(host: string, plan: Plan): string[] {
  const about = plan.expect.filter(({ that }) => that.cel.includes(`${host}.sysctl[`));
  return [...new Set(about.flatMap(({ that }) => sysctlsIn(that.cel)))];
}

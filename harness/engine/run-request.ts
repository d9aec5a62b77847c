import { setMaxListeners } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../host/lab.ts';
import { warmPool } from '../linux/namespaces.ts';
import { enterSandbox } from '../linux/sandbox.ts';
import type { TraitOfRecord } from '../results/record.ts';
import type { Plan } from '../scenario/model.ts';
import { AddressPool } from './addresses.ts';
import { Admission } from './admission.ts';
import { calibrate } from './calibrate.ts';
import type { Emit } from './emit.ts';
import { Graveyard } from './graveyard.ts';
import { judged } from './judged.ts';
import { lookAround } from './place.ts';
import { probed } from './probed.ts';
import { PROTOCOL, type Request } from './protocol.ts';
import { runPlan, type Runner, type Shown } from './run-plan.ts';

/** The package with its dependencies, wherever npm put them: programs and threads that start later load from there. */
const [INSTALLED = '/'] = fileURLToPath(new URL('../..', import.meta.url)).split('/node_modules/');

/** Milliseconds between two looks at the capture rings. */
const DRAIN_EVERY = 10;

/** Seconds of lab time from which a scenario decides how long the run takes. */
const LONG = 5;

/** Runs all that a request asks for, and tells what happens as events. */
export async function runRequest(request: Request, emit: Emit, signal: AbortSignal): Promise<void> {
  setMaxListeners(0, signal);
  const lacks = enterSandbox({ keep: [dirname(process.execPath), INSTALLED] });
  await warmPool();
  const place = lookAround(request, lacks);
  emit({
    type: 'hello',
    protocol: PROTOCOL,
    kernel: place.kernel,
    hz: place.hz,
    root: place.root,
    missing: place.missing,
  });
  const labs = new Set<Lab>();
  const rest: Promise<void>[] = [];
  const { timeout, full, noSkip } = request;
  const ground = {
    pool: new AddressPool(),
    graveyard: new Graveyard(),
    closing: (one: Promise<void>) => rest.push(one),
  };
  const runner: Runner = { ...ground, place, emit, timeout, full, noSkip, labs, signal };
  const draining = setInterval(() => {
    for (const lab of labs) for (const host of lab.hosts.values()) host.capture.drain();
  }, DRAIN_EVERY);
  const calibrated = await calibrate(runner);
  emit({ type: 'calibrated', ...calibrated });
  if (calibrated.noise.length > 0 && !signal.aborted)
    emit({
      type: 'finding',
      finding: { kind: 'noise', where: 'calibration', expected: [], measured: calibrated.noise },
    });

  let records = 0;
  const finish = (plan: Plan, index: number, shown: Shown, traits: Readonly<Record<string, TraitOfRecord>>) => {
    judged(plan, shown, traits, request.changes, place);
    emit({ type: 'record', record: index, value: shown.record });
    records += 1;
  };
  const indexed = request.plans.map((plan, index) => ({ plan, index }));
  const alone: { plan: Plan; index: number; shown: Shown }[] = [];
  for (const { plan, index } of indexed.filter((one) => one.plan.alone))
    alone.push({ plan, index, shown: await runPlan(plan, index, runner) });

  const slots = new Admission(request.jobs);
  const show = (plans: typeof indexed) =>
    plans.map(({ plan, index }) => ({ plan, index, shown: slots.hold(() => runPlan(plan, index, runner)) }));
  const together = indexed
    .filter((one) => !one.plan.alone)
    .sort((a, b) => b.plan.lasts - a.plan.lasts || a.index - b.index);
  // The long ones first, for the run lasts as long as they do; then the probes, for no verdict comes before theirs.
  const long = show(together.filter(({ plan }) => plan.lasts >= LONG));
  const traits = probed(request, runner, slots, emit);
  const short = show(together.filter(({ plan }) => plan.lasts < LONG));
  await Promise.all(
    [...alone, ...long, ...short].map(async ({ plan, index, shown }) => finish(plan, index, await shown, await traits)),
  );
  clearInterval(draining);
  await Promise.all(rest);
  emit({ type: 'bye', records, interrupted: signal.aborted, peakMiB: process.resourceUsage().maxRSS / 1024 });
}

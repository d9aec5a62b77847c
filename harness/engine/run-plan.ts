import { setMaxListeners } from 'node:events';
import { TcplabError } from '../errors.ts';
import type { Moment } from '../evidence/model.ts';
import { sysctlsIn } from '../expression/syntax.ts';
import type { Lab, LabView } from '../host/lab.ts';
import { NotReached } from '../host/lab-time.ts';
import type { ScenarioRecord } from '../results/record.ts';
import type { Plan } from '../scenario/model.ts';
import type { Emit } from './emit.ts';
import { type Ground, labUp } from './lab-up.ts';
import { emitPcapng } from './pcapng.ts';
import type { Place } from './place.ts';
import { emptyRecord, fillRecord } from './record.ts';
import { skipOf } from './requirements.ts';
import { Scope } from './scope.ts';
import { type Walked, walk } from './walk.ts';

/** Seconds of lab time that any scenario gets. */
const TIMEOUT = 120;

/** What a lab showed: the record so far, and what is needed to judge it. */
export interface Shown {
  record: ScenarioRecord;
  /** Present when the steps were taken to the end. */
  evidence?: { final: Moment; observations: Record<string, Moment> };
}

export interface Runner extends Ground {
  place: Place;
  emit: Emit;
  /** Seconds of lab time; null: by the plan's own `lasts`. */
  timeout: number | null;
  full: boolean;
  noSkip: boolean;
  /** Labs that are up now: their capture rings are emptied from time to time. */
  labs: Set<Lab>;
  signal: AbortSignal;
}

/** Runs the steps of one plan in a lab of its own. `index`: the record's number in the request, -1 for a probe. */
export async function runPlan(plan: Plan, index: number, runner: Runner): Promise<Shown> {
  const { place, emit, labs } = runner;
  const record = emptyRecord(plan, place);
  const start = process.hrtime.bigint();
  const skip = skipOf(plan);
  if (skip) {
    record.verdict = runner.noSkip ? 'failed' : 'skipped';
    record.reason = skip;
    return { record };
  }
  if (runner.signal.aborted) {
    record.reason = { code: 'interrupted', text: 'interrupted before it started' };
    return { record };
  }
  if (index >= 0) emit({ type: 'started', record: index });
  const scope = new Scope();
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);
  const timeout = runner.timeout ?? Math.max(TIMEOUT, 2 * plan.lasts);
  const timer = setTimeout(() => ended.abort('timeout'), timeout * 1000);
  const stop = () => ended.abort('interrupted');
  runner.signal.addEventListener('abort', stop, { once: true });
  const shown: Shown = { record };
  try {
    const lab = await labUp(plan, viewOf(plan), runner, scope);
    labs.add(lab);
    scope.defer(() => labs.delete(lab));
    const noted = (at: number, step: Plan['steps'][number], state: 'started' | 'ended') => {
      if (index >= 0)
        emit({
          type: 'step',
          record: index,
          index: at,
          kind: step.kind,
          ...(step.name !== undefined && { name: step.name }),
          state,
        });
    };
    const walked = await walk(plan, lab, place.hz, noted, ended.signal);
    const final = await lab.freeze();
    record.seconds.lab = lab.now();
    fillRecord(record, lab, walked, final, runner.full);
    if (index >= 0) record.pcapng = emitPcapng(lab, plan, index, emit);
    record.reason = reasonOf(walked, lab, ended.signal, timeout);
    if (record.reason.code === 'not-reached') record.verdict = 'failed';
    if (record.reason.code === '') shown.evidence = { final, observations: walked.observations };
  } catch (error) {
    record.reason = { code: 'lab', text: textOf(error) };
  } finally {
    clearTimeout(timer);
    runner.signal.removeEventListener('abort', stop);
    ended.abort('over');
    const failures = await scope.close();
    if (failures.length > 0) {
      record.verdict = 'error';
      record.reason = { code: 'release', text: failures.map(textOf).join('; ') };
      delete shown.evidence;
    }
    record.seconds.wall = Number(process.hrtime.bigint() - start) / 1e9;
  }
  return shown;
}

function reasonOf({ failure }: Walked, lab: Lab, signal: AbortSignal, timeout: number): ScenarioRecord['reason'] {
  if (signal.aborted)
    return signal.reason === 'timeout'
      ? { code: 'timeout', text: `not over after ${timeout} s of lab time` }
      : { code: 'interrupted', text: 'interrupted' };
  if (failure) {
    const { file, line, column } = failure.step.position;
    const code = failure.cause instanceof NotReached ? 'not-reached' : 'step';
    return { code, text: `${file}:${line}:${column}: ${failure.message}` };
  }
  const lost = [...lab.hosts.values()]
    .map((host) => ({ name: host.name, lost: host.capture.lost }))
    .filter(({ lost: n }) => n > 0);
  if (lost.length > 0)
    return {
      code: 'lost-packets',
      text: `the capture ring overflowed: ${lost.map(({ name, lost: n }) => `${name} lost ${n}`).join(', ')}`,
    };
  return { code: '', text: '' };
}

let labs = 0;

/** What the expressions and the sysctls of a plan look at. */
function viewOf(plan: Plan): LabView {
  const judged = [...plan.expect, ...plan.claims].map(({ that }) => that.cel);
  const inSteps = plan.steps.flatMap(({ args }) =>
    Object.values(args).filter((one): one is string => typeof one === 'string'),
  );
  const expressions = [...judged, plan.probe?.cel ?? 'true', ...inSteps.filter((one) => one.includes('sysctl['))];
  const set = Object.values(plan.hosts).flatMap(({ sysctl }) => Object.keys(sysctl));
  labs += 1;
  return {
    sysctls: [...new Set([...set, ...expressions.flatMap(sysctlsIn)])].sort(),
    folder: `/tmp/lab-${labs}`,
    countsHits: [...judged, ...inSteps].some((one) => /\.hits\b/.test(one)),
  };
}

function textOf(error: unknown): string {
  if (error instanceof TcplabError)
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return error instanceof Error ? error.message : String(error);
}

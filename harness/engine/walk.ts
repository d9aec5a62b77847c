import type { Moment } from '../evidence/model.ts';
import { compile } from '../expression/compile.ts';
import type { Lab } from '../host/lab.ts';
import { NotReached } from '../host/lab-time.ts';
import type { StepOfRecord } from '../results/record.ts';
import type { NameTypes, Plan, PlannedStep } from '../scenario/model.ts';
import { STEPS } from '../steps/registry.ts';
import type { StepContext, StepKind } from '../steps/step.ts';

const KINDS: ReadonlyMap<string, StepKind> = new Map(STEPS.map((step) => [step.kind, step]));

export type Noted = (index: number, step: PlannedStep, state: 'started' | 'ended') => void;

/** A step that could not do its work: broken scenario or broken harness, as the cause says. */
export class StepFailure extends Error {
  readonly step: PlannedStep;
  override readonly cause: Error;
  constructor(step: PlannedStep, cause: Error) {
    super(`${step.kind}${step.name === undefined ? '' : ` ${step.name}`}: ${cause.message}`);
    this.step = step;
    this.cause = cause;
  }
}

export interface Walked {
  steps: StepOfRecord[];
  observations: Record<string, Moment>;
  failure: StepFailure | undefined;
}

/** Takes the steps of a plan, one after the other; those that run beside are waited for by `join` only. */
export async function walk(plan: Plan, lab: Lab, hz: number, noted: Noted, signal: AbortSignal): Promise<Walked> {
  const walked: Walked = { steps: [], observations: {}, failure: undefined };
  const beside = new Map<string, Promise<void>>();
  const failed: StepFailure[] = [];
  // A blocked write or close ends with its descriptor only, and that is freed after the walk.
  const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const [index, step] of plan.steps.entries()) {
    if (signal.aborted || failed.length > 0) break;
    const taken = take(index, step);
    if (!step.beside) await taken;
    else if (step.name !== undefined) beside.set(step.name, taken);
  }
  walked.failure = failed[0];
  return walked;

  async function take(index: number, step: PlannedStep): Promise<void> {
    const kind = KINDS.get(step.kind)!;
    const entry: StepOfRecord = {
      name: step.name ?? '',
      kind: step.kind,
      by: kind.by(step.args),
      at: lab.now(),
      took: 0,
      outcome: {},
    };
    walked.steps.push(entry);
    noted(index, step, 'started');
    try {
      for (let i = 0; i < step.repeat && !signal.aborted; i += 1) {
        if (i > 0) await lab.sleep(entry.at + i * step.every - lab.now(), signal);
        await Promise.race([kind.run(step.args, contextOf(step, entry)), over]);
      }
    } catch (error) {
      failed.push(new StepFailure(step, seen(error, step)));
    } finally {
      entry.took = lab.now() - entry.at;
      noted(index, step, 'ended');
    }
  }

  function contextOf(step: PlannedStep, entry: StepOfRecord): StepContext {
    return {
      lab,
      beside: step.beside,
      signal,
      publish(outcome, handle) {
        entry.outcome = outcome;
        if (step.name !== undefined) lab.keep(step.name, outcome, handle);
      },
      evaluate(cel) {
        const result = compile(cel, plan.names).evaluate(scopeOf(plan, lab.live(), walked.observations, hz));
        if ('value' in result && result.value !== null) return result.value as ReturnType<StepContext['evaluate']>;
        throw new Error(
          'absent' in result
            ? `this kernel has no ${result.absent}`
            : 'error' in result
              ? result.error
              : `${cel} is null`,
        );
      },
      async observe(name) {
        walked.observations[name] = await lab.freeze();
      },
      join: (name) => beside.get(name) ?? Promise.resolve(),
    };
  }

  /** What a wait saw instead of what it waited for. */
  function seen(error: unknown, step: PlannedStep): Error {
    const that = step.args['that'];
    if (!(error instanceof NotReached) || typeof that !== 'string')
      return error instanceof Error ? error : new Error(String(error));
    const { text } = compile(that, plan.names).explain(scopeOf(plan, lab.live(), walked.observations, hz));
    error.message += `; it was ${text}`;
    return error;
  }
}

/** What expressions see at a moment. */
export function scopeOf(
  plan: { params: Plan['params']; names: NameTypes },
  moment: Moment,
  observations: Record<string, Moment>,
  hz: number,
) {
  return { ...moment, params: plan.params, observations, hz };
}

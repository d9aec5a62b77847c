import type { z } from 'zod';
import type { FieldValue, Outcome, Packet } from '../evidence/model.ts';
import type { Lab } from '../host/lab.ts';
import type { StepSpec } from '../scenario/step-kind.ts';

/** Who made the system calls of a step: the record says it. */
export type Actor = 'node' | 'libc' | 'program' | 'harness';

/** What a running step has at hand. */
export interface StepContext {
  readonly lab: Lab;
  /** Whether the steps after it go on meanwhile. */
  readonly beside: boolean;
  /** Makes the outcome visible under the step's name; live fields are getters. Called before the step waits. */
  publish(outcome: Outcome, handle?: object): void;
  /** Value of a CEL field of this step, over what the lab shows now. */
  evaluate(cel: string): FieldValue | Packet;
  /** Keeps an observation under this name. */
  observe(name: string): Promise<void>;
  /** Waits for the step of this name that runs beside. */
  join(name: string): Promise<void>;
  /** Aborted when the lab ends. */
  readonly signal: AbortSignal;
}

/** A step: what it looks like in a file, and what it does. */
export interface StepKind extends StepSpec {
  readonly by: (args: unknown) => Actor;
  readonly run: (args: unknown, context: StepContext) => Promise<void>;
}

interface StepDefinition<Schema extends z.ZodObject> extends Omit<StepSpec<z.infer<Schema>>, 'schema'> {
  schema: Schema;
  by: Actor | ((args: z.infer<Schema>) => Actor);
  run: (args: z.infer<Schema>, context: StepContext) => Promise<void>;
}

/** Makes a step kind whose action gets its arguments typed by its own schema. */
export function defineStep<Schema extends z.ZodObject>(definition: StepDefinition<Schema>): StepKind {
  const { schema, by, explain, refine, programs, run, ...rest } = definition;
  return {
    ...rest,
    schema,
    ...(explain && { explain: (args: unknown) => explain(schema.parse(args)) }),
    ...(programs && { programs: (args: unknown) => programs(schema.parse(args)) }),
    ...(refine && { refine: (args: unknown) => refine(schema.parse(args)) }),
    by: (args) => (typeof by === 'function' ? by(schema.parse(args)) : by),
    run: (args, context) => run(schema.parse(args), context),
  };
}

import type { z } from 'zod';

/** CEL type of a field: int, double, string, bool, list<int>, map<string, int>, list<string>, list<Packet> ... */
export type FieldType = string;

/** What a step of one kind looks like in a file: the part of a step that reads and checks, without the part that acts. */
export interface StepSpec<Args = unknown> {
  /** The key in the file: `- listen: {...}`. */
  readonly kind: string;
  /** One sentence: hover help, `explain`, the reference. */
  readonly about: string;
  /** Strict object schema, free of transforms. Fields made by `fields.ts` say what they refer to. */
  readonly schema: z.ZodObject;
  /** Which key the scalar form fills: `observe: after` means `observe: { as: after }`. */
  readonly shorthand?: string;
  /** CEL type name (`Listener`, `Connection`, ...) and fields of what `as:` names; absent when the step names nothing. */
  readonly outcome?: { readonly type: string; readonly fields: Readonly<Record<string, FieldType>> };
  /** One line for `explain`: what this step would do, programs with their arguments included. */
  readonly explain?: (args: Args) => string;
  /** Programs that the step starts, by name: a place without them skips the scenario. */
  programs?(args: Args): readonly string[];
  /** Checks that the schema cannot express; returns what is wrong and at which key. */
  readonly refine?: (args: Args) => { path: readonly (string | number)[]; message: string; hint?: string } | undefined;
}

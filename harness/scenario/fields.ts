import { z } from 'zod';
import { secondsOf } from './duration.ts';

/** What a string field of a step refers to; the checker resolves it before anything runs. */
export type Reference =
  | { kind: 'host' }
  /** The name of an earlier step; `types` are the outcome types that fit. */
  | { kind: 'name'; types: readonly string[] }
  /** A listener's name, or `host:port`. */
  | { kind: 'target' }
  /** One end of a connection: `c`, or `c@server` for the other host's end. */
  | { kind: 'end' }
  /** A CEL expression of the given type. */
  | { kind: 'cel'; type: string }
  /** A name that this step makes. */
  | { kind: 'makes' }
  | { kind: 'sysctl' };

/** Custom metadata key under which a field's reference stands (`schema.meta().refers`). */
const refers = (reference: Reference, description: string) => ({ refers: reference, description });

export const host = () => z.string().meta(refers({ kind: 'host' }, 'a host of this scenario'));
export const named = (...types: string[]) =>
  z.string().meta(refers({ kind: 'name', types }, `the name of an earlier ${types.join(' or ').toLowerCase()} step`));
export const target = () => z.string().meta(refers({ kind: 'target' }, 'a listener by its name, or host:port'));
export const end = () =>
  z
    .string()
    .meta(refers({ kind: 'end' }, "a connection's name (the end that connected), or name@host for the other end"));
export const cel = (type: string) =>
  z
    .string()
    .min(1)
    .meta(refers({ kind: 'cel', type }, `a CEL expression (${type})`));
/** An integer, or a CEL expression that computes one when the step runs. */
export const intOrCel = () =>
  z
    .union([z.number().int(), z.string().min(1)])
    .meta(refers({ kind: 'cel', type: 'int' }, 'an integer, or a CEL expression'));
export const makes = () =>
  z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9]*$/, 'a name is letters and digits, and starts with a letter')
    .meta(refers({ kind: 'makes' }, 'the name under which expressions see what this step did'));
export const port = () => z.number().int().min(1).max(65535).describe('TCP port, 1..65535');
export const duration = () =>
  z
    .string()
    .refine((text) => secondsOf(text) !== undefined, 'a duration is a number and a unit: 500us, 1ms, 1.5s, 2m, 1h')
    .describe('duration with a unit: 500us, 1ms, 1.5s, 2m, 1h');
export const count = () => z.number().int().min(1).max(1_000_000).describe('how many');
/** sysctl name to value; `{ value, because }` says why an article's profile is left. */
export const sysctls = () =>
  z.record(
    z.string().meta(refers({ kind: 'sysctl' }, 'full sysctl name')),
    z.union([
      z.number().int(),
      z.string(),
      z.strictObject({ value: z.union([z.number().int(), z.string()]), because: z.string().min(1) }),
    ]),
  );

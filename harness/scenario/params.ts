import type { FieldValue } from '../evidence/model.ts';
import type { ScenarioFile } from './file-schema.ts';
import type { FieldType } from './step-kind.ts';

export type ParamValue = number | string | boolean;
/** One value for each param. */
export type Binding = Readonly<Record<string, ParamValue>>;
/** Every value that each param takes, in the order of the file. */
export type Params = Readonly<Record<string, readonly ParamValue[]>>;

/** More records than anybody reads. */
export const MAX_BINDINGS = 1000;

type Written = ScenarioFile['params'][string];

/** The values that a param was given: one, a list, or a range. */
export function valuesOf(written: Written): ParamValue[] {
  if (Array.isArray(written)) return written;
  if (typeof written !== 'object') return [written];
  const { from, to, step } = written;
  const count = Math.min(Math.floor((to - from) / step) + 1, MAX_BINDINGS + 1);
  return Array.from({ length: count }, (_, index) => from + index * step);
}

/** CEL type of a param; undefined when its values are of different types. */
export function typeOf(values: readonly FieldValue[]): FieldType | undefined {
  const types = new Set(
    values.map((value) => (typeof value === 'number' ? (Number.isInteger(value) ? 'int' : 'double') : typeof value)),
  );
  if (types.size === 2 && types.has('int') && types.has('double')) return 'double';
  const [type] = types;
  if (types.size !== 1 || type === undefined) return undefined;
  return type === 'boolean' ? 'bool' : type;
}

export const bindingCount = (params: Params): number =>
  Object.values(params).reduce((product, values) => product * values.length, 1);

/** Every combination of the params' values; the last param varies fastest. */
export function bindingsOf(params: Params): Binding[] {
  return Object.entries(params).reduce<Binding[]>(
    (bindings, [name, values]) => bindings.flatMap((binding) => values.map((value) => ({ ...binding, [name]: value }))),
    [{}],
  );
}

export const REFERENCE = /^\$([a-zA-Z][a-zA-Z0-9]*)$/;

/** The value with each `$name` replaced by the param of that name; one that is unknown stays as it is. */
export function substitute(value: unknown, binding: Binding): unknown {
  if (typeof value === 'string') {
    const name = REFERENCE.exec(value)?.[1];
    return name !== undefined && Object.hasOwn(binding, name) ? binding[name] : value;
  }
  if (Array.isArray(value)) return value.map((each) => substitute(each, binding));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, substitute(each, binding)]));
}

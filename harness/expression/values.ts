import type { FieldType } from '../scenario/step-kind.ts';

/** Makes what CEL sees of a value whose type is one of ours (`Packet`, `Listener`, ...). */
export type Wrap = (type: string, value: unknown) => unknown;

/** A value as CEL sees it: its integers are BigInt, because a JavaScript number is a CEL double. */
export function toCel(type: FieldType, value: unknown, wrap: Wrap): unknown {
  if (value === undefined || value === null) return undefined;
  if (type === 'int') return typeof value === 'number' ? BigInt(value) : value;
  if (type === 'dyn') return dynamic(value);
  if (Array.isArray(value)) {
    const item = /^list<(.+)>$/.exec(type)?.[1] ?? 'dyn';
    return value.map((each: unknown) => toCel(item, each, wrap));
  }
  if (typeof value !== 'object') return value;
  const item = /^map<string, ?(.+)>$/.exec(type)?.[1];
  if (item === undefined) return wrap(type, value);
  return new Map(Object.entries(value).map(([key, each]) => [key, toCel(item, each, wrap)]));
}

function dynamic(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(dynamic);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, each]) => [key, dynamic(each)]));
}

/** Something that stands for a value of the evidence inside CEL. */
export abstract class View<T> {
  readonly raw: T;
  constructor(raw: T) {
    this.raw = raw;
  }
}

/** The JSON value of what CEL computed; an integer beyond 2^53 is a string. */
export function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof View) return value.raw;
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Set) return [...value].map(fromCel);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), fromCel(each)]));
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fromCel(each)]));
  if (typeof value === 'object' && value !== null) return String(value);
  return value ?? null;
}

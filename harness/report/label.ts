import { isDeepStrictEqual } from 'node:util';
import { groupBy } from './group-by.ts';

interface Labelled {
  id: string;
  params: Readonly<Record<string, unknown>>;
  repeat: number;
}

/** A short name for each: the id, the params in which its siblings differ, and the repeat where there are several. */
export function labels(items: readonly Labelled[]): string[] {
  const byId = groupBy(items, ({ id }) => id);
  return items.map(({ id, params, repeat }) => {
    const siblings = byId.get(id)!;
    const swept = Object.keys(params).filter((name) =>
      siblings.some((other) => !isDeepStrictEqual(other.params[name], params[name])),
    );
    const values = swept.map((name) => `${name}=${inline(params[name])}`);
    const repeated = siblings.some((other) => other.repeat !== repeat);
    return [id, ...values, ...(repeated ? [`#${repeat}`] : [])].join(' ');
  });
}

/** A value on one line; text as it is, everything else as JSON. */
export const inline = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');

/** Seconds with as many digits as matter: `0.012 s`, `1.23 s`, `7200 s`. */
export function seconds(value: number): string {
  const digits = value < 1 ? 3 : value < 100 ? 2 : 0;
  return `${value.toFixed(digits)} s`;
}

/** `1 claim`, `2 claims`. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

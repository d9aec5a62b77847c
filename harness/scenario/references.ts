import { z } from 'zod';
import type { Reference } from './fields.ts';
import type { Path } from './source.ts';

/** A string of a file that refers to something. */
export interface Referring {
  reference: Reference;
  text: string;
  path: Path;
  /** The string is a key of the map at the path, not a value. */
  key: boolean;
}

const referenceOf = (schema: z.core.$ZodType): Reference | undefined => {
  const meta = z.globalRegistry.get(schema);
  return meta?.['refers'] as Reference | undefined;
};

/** All references of a value that fits the schema, by the schema's metadata (`fields.ts`). */
export function referencesIn(schema: z.core.$ZodType, value: unknown, path: Path = []): Referring[] {
  if (value === undefined || value === null) return [];
  const reference = referenceOf(schema);
  if (reference) return typeof value === 'string' ? [{ reference, text: value, path, key: false }] : [];
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
      return referencesIn(def.innerType, value, path);
    case 'object':
      return entries(value).flatMap(([key, each]) => {
        const field = def.shape[key];
        return field ? referencesIn(field, each, [...path, key]) : [];
      });
    case 'record':
      return entries(value).flatMap(([key, each]) => {
        const keyReference = referenceOf(def.keyType);
        const own = keyReference ? [{ reference: keyReference, text: key, path: [...path, key], key: true }] : [];
        return [...own, ...referencesIn(def.valueType, each, [...path, key])];
      });
    case 'array':
      return items(value).flatMap((each, index) => referencesIn(def.element, each, [...path, index]));
    case 'tuple':
      return items(value).flatMap((each, index) => {
        const item = def.items[index] ?? def.rest;
        return item ? referencesIn(item, each, [...path, index]) : [];
      });
    case 'union': {
      const option = def.options.find((one) => z.core.safeParse(one, value).success);
      return option ? referencesIn(option, value, path) : [];
    }
    default:
      return [];
  }
}

const entries = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Keys that a map may have where the path ends, for did-you-mean. */
export function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
      return keysAt(def.innerType, path);
    case 'union':
      return [...new Set(def.options.flatMap((option) => keysAt(option, path)))];
    case 'object': {
      const [first, ...rest] = path;
      if (first === undefined) return Object.keys(def.shape);
      const field = def.shape[String(first)];
      return field ? keysAt(field, rest) : [];
    }
    case 'record':
      return path.length > 0 ? keysAt(def.valueType, path.slice(1)) : [];
    case 'array':
      return path.length > 0 ? keysAt(def.element, path.slice(1)) : [];
    default:
      return [];
  }
}

import { z } from 'zod';
import { fileSchema } from './file-schema.ts';
import type { StepSpec } from './step-kind.ts';
import { GENERIC_KEYS } from './steps.ts';

type Json = Record<string, unknown>;

/** A param in place of a value: `$backlog`. */
const PARAM: Json = { type: 'string', pattern: '^\\$[a-zA-Z][a-zA-Z0-9]*$', description: 'the param of that name' };

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function convert(schema: z.ZodType): Json {
  const made: Json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  const { $schema: _, ...rest } = made;
  return withoutReferences(rest);
}

/** Takes away our own metadata, which no editor knows. */
function withoutReferences(schema: Json): Json {
  const without = (one: Json) => Object.fromEntries(Object.entries(one).filter(([key]) => key !== 'refers'));
  return mapSchemas(schema, without, ['default', 'enum']);
}

/** A copy in which every schema inside went through `change`, from the inside out; what stands under `skip` stays. */
function mapSchemas(schema: Json, change: (schema: Json) => Json, skip: readonly string[]): Json {
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside);
    return isJson(value) ? mapSchemas(value, change, skip) : value;
  };
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      // Under these keys stand maps of schemas, which are no schemas themselves.
      if ((key === 'properties' || key === 'definitions') && isJson(value)) {
        return [key, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inside(each)]))];
      }
      return [key, skip.includes(key) ? value : inside(value)];
    }),
  );
  return change(copy);
}

/** Lets a param stand for every value that is no free text already. */
function allowParams(schema: Json): Json {
  return mapSchemas(
    schema,
    (one) => {
      const scalar = ['integer', 'number', 'boolean'].includes(String(one['type'])) || 'const' in one;
      const narrow = one['type'] === 'string' && ('enum' in one || 'pattern' in one || 'format' in one);
      if (!scalar && !narrow) return one;
      const { description, default: standard, ...rest } = one;
      return {
        ...(description === undefined ? {} : { description }),
        ...(standard === undefined ? {} : { default: standard }),
        anyOf: [rest, PARAM],
      };
    },
    ['default', 'enum', 'propertyNames'],
  );
}

/** The value under the key of one step kind, with its short forms. */
function stepSchema(spec: StepSpec): Json {
  const full = allowParams(
    convert(spec.schema.safeExtend({ ...z.object(GENERIC_KEYS).partial().shape, ...spec.schema.shape })),
  );
  const required = Array.isArray(full['required']) ? full['required'] : [];
  const { shorthand } = spec;
  const properties = isJson(full['properties']) ? full['properties'] : {};
  const scalar =
    shorthand !== undefined && required.every((key) => key === shorthand) ? properties[shorthand] : undefined;
  const forms = [full, ...(isJson(scalar) ? [scalar] : []), ...(required.length === 0 ? [{ type: 'null' }] : [])];
  return { description: spec.about, ...(forms.length === 1 ? full : { anyOf: forms }) };
}

/** JSON Schema (draft-07) of a scenario file, for editors: every step kind with its keys, short forms and words. */
export function scenarioJsonSchema(steps: readonly StepSpec[]): Json {
  const file = convert(fileSchema);
  const properties = isJson(file['properties']) ? file['properties'] : {};
  const hosts = properties['hosts'];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'tcplab scenario',
    ...file,
    properties: {
      ...properties,
      ...(isJson(hosts) ? { hosts: allowParams(hosts) } : {}),
      steps: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          minProperties: 1,
          maxProperties: 1,
          additionalProperties: false,
          properties: Object.fromEntries(steps.map((spec) => [spec.kind, stepSchema(spec)])),
        },
      },
    },
  };
}

import { z } from 'zod';
import { duration, sysctls } from './fields.ts';

const word = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes, starting with a letter');
const identifier = z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/, 'a name is letters and digits, and starts with a letter');
const sentence = z.string().trim().min(1);

const changeIds = z.union([word, z.array(word).min(1)]);
const trait = z
  .strictObject({ has: changeIds.optional(), lacks: changeIds.optional() })
  .refine((one) => one.has !== undefined || one.lacks !== undefined, 'needs has, lacks or both')
  .describe('kernels that have all of `has` and none of `lacks` (ids of changes.yaml)');

const scalar = z.union([z.number(), z.string(), z.boolean()]);
const range = z
  .strictObject({ from: z.number().int(), to: z.number().int(), step: z.number().int().min(1).default(1) })
  .refine(({ from, to }) => from <= to, 'from must not be greater than to');

const cel = (about: string) => sentence.describe(about);
const onlyFor = cel('CEL (bool) over the params: in which records of a sweep this is judged').optional();

const expectation = z.strictObject({
  when: trait.optional(),
  for: onlyFor,
  that: cel('CEL (bool) that must hold at the end'),
});

const claim = z.strictObject({
  id: word.describe('unique among all claims'),
  source: z.strictObject({
    article: word.describe('id of articles.yaml'),
    section: sentence.optional(),
    kernel: sentence.optional(),
  }),
  says: sentence.describe('what the article asserts, in our own words'),
  for: onlyFor,
  that: cel('CEL (bool): true confirms the claim'),
  holds: z
    .union([z.enum(['always', 'never']), trait])
    .describe('on which kernels the claim is expected to be confirmed'),
  instead: sentence.optional().describe('what happens where it does not hold'),
});

/** A scenario file; each step is checked against the schema of its own kind. */
export const fileSchema = z.strictObject({
  title: sentence,
  about: sentence,
  tags: z.array(word).default([]),
  needs: z.array(z.string().min(1)).default([]).describe('programs, on top of those that exec steps start'),
  alone: z.boolean().default(false).describe('runs with no other lab beside it'),
  lasts: duration().optional().describe('about how long it takes, in lab time'),
  hosts: z
    .record(identifier, z.strictObject({ profile: z.string().optional(), sysctl: sysctls().optional() }))
    .refine((hosts) => Object.keys(hosts).length > 0, 'needs at least one host'),
  links: z
    .array(z.tuple([z.string(), z.string()]))
    .optional()
    .describe('pairs of hosts that share a link; without it every pair does'),
  params: z
    .record(identifier, z.union([scalar, z.array(scalar).min(1), range]))
    .default({})
    .describe('a list or a range makes a sweep: one record for each combination'),
  steps: z.array(z.record(z.string(), z.unknown())).min(1),
  expect: z.array(expectation).default([]),
  claims: z.array(claim).default([]),
  probe: cel('CEL (bool): whether this kernel has the change').optional(),
});

export type ScenarioFile = z.infer<typeof fileSchema>;
export type TraitOfFile = z.infer<typeof trait>;

import { z } from 'zod';
import type { SysctlValue } from '../evidence/model.ts';
import { wrongSysctl } from './check-reference.ts';
import { sysctls } from './fields.ts';
import { problemsOf } from './issues.ts';
import { ScenarioError, type Problem } from './problem.ts';
import { Source } from './source.ts';
import { sysctlValueProblem } from './sysctls.ts';

/** A set of sysctls that hosts can share: an article's machine. */
export interface Profile {
  about: string;
  source?: string;
  sysctl: Readonly<Record<string, SysctlValue>>;
}
export type Profiles = Readonly<Record<string, Profile>>;

const schema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  z.strictObject({ about: z.string().min(1), source: z.string().min(1).optional(), sysctl: sysctls() }),
);

/** Reads profiles.yaml: `name: { about, source?, sysctl: {...} }`. */
export function parseProfiles(text: string, file: string): Profiles {
  const source = Source.read(text, file);
  const shape = schema.safeParse(source.value);
  if (!shape.success) throw new ScenarioError(problemsOf(shape.error.issues, schema, source.value, source, []));
  const problems: Problem[] = [];
  const profiles = Object.entries(shape.data).map(([name, { about, source: from, sysctl }]): [string, Profile] => {
    const values = Object.entries(sysctl).map(([key, entry]): [string, SysctlValue] => {
      const value = typeof entry === 'object' ? entry.value : entry;
      const path = [name, 'sysctl', key];
      const unknown = wrongSysctl(key);
      const wrong = sysctlValueProblem(key, value);
      if (unknown) problems.push(source.problem(path, unknown.message, { key: true, hint: unknown.hint }));
      else if (wrong !== undefined) problems.push(source.problem(path, wrong));
      return [key, value];
    });
    return [name, { about, ...(from === undefined ? {} : { source: from }), sysctl: Object.fromEntries(values) }];
  });
  if (problems.length > 0) throw new ScenarioError(problems);
  return Object.fromEntries(profiles);
}

import { z } from 'zod';
import { problemsOf } from './issues.ts';
import type { Change } from './model.ts';
import { ScenarioError } from './problem.ts';
import { Source } from './source.ts';

const version = z.string().regex(/^\d+\.\d+(\.\d+)*$/, 'a version in quotes: "4.10"');
const line = z.string().regex(/^\d+\.\d+$/, 'a stable line in quotes: "5.10"');

const schema = z.array(
  z.strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
    of: z.string().min(1).default('linux'),
    commit: z.string().min(1),
    subject: z.string().min(1),
    about: z.string().min(1),
    mainline: version,
    backports: z.record(line, version).default({}),
    vendors: z
      .record(
        z.string(),
        z.union([z.enum(['always', 'never']), z.string().regex(/^\d[\d.-]*$/, 'always, never, or a release')]),
      )
      .default({}),
    probe: z.string().min(1).optional(),
  }),
);

/** Reads changes.yaml: a list of changes, each id once. */
export function parseChanges(text: string, file: string): Change[] {
  const source = Source.read(text, file);
  const shape = schema.safeParse(source.value);
  if (!shape.success) throw new ScenarioError(problemsOf(shape.error.issues, schema, source.value, source, []));
  const problems = shape.data.flatMap((change, index) => {
    const twice = shape.data.findIndex(({ id }) => id === change.id) < index;
    const wrongLine = Object.entries(change.backports).filter(([of, first]) => !first.startsWith(`${of}.`));
    return [
      ...(twice ? [source.problem([index, 'id'], `there is another change ${change.id}`)] : []),
      ...wrongLine.map(([of, first]) =>
        source.problem([index, 'backports', of], `${first} is no point release of ${of}`),
      ),
      ...(change.of === 'linux' && !/^[0-9a-f]{12,40}$/.test(change.commit)
        ? [source.problem([index, 'commit'], 'a commit of linux is 12 to 40 hexadecimal digits')]
        : []),
    ];
  });
  if (problems.length > 0) throw new ScenarioError(problems);
  return shape.data.map(({ probe, ...change }) => ({ ...change, ...(probe === undefined ? {} : { probe }) }));
}

import type { z } from 'zod';
import { hintFor, nearest } from '../expression/did-you-mean.ts';
import type { Problem } from './problem.ts';
import { keysAt } from './references.ts';
import type { Path, Source } from './source.ts';

type Issue = z.core.$ZodIssue;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
};

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inside, key) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, key) : undefined),
    value,
  );

const KINDS: Readonly<Record<string, string>> = {
  int: 'an integer',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
};
const kind = (expected: string) => KINDS[expected] ?? expected;

/** The branch of a union that the value comes closest to: one that fails inside the value, not at its type. */
function closest(issue: Extract<Issue, { code: 'invalid_union' }>): Issue[] | undefined {
  const branches = issue.errors.filter((errors) => errors.length > 0);
  const deep = branches.filter((errors) =>
    errors.some(
      (error) =>
        error.path.length > 0 ||
        error.code === 'unrecognized_keys' ||
        error.code === 'too_small' ||
        error.code === 'too_big',
    ),
  );
  return deep.toSorted((a, b) => a.length - b.length)[0];
}

function wanted(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kind(issue.expected);
    case 'invalid_value':
      return issue.values.map((value) => (typeof value === 'string' ? value : shown(value))).join(', ');
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? 'not empty' : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_union':
      return [...new Set(issue.errors.flat().map(wanted))].join(', or ');
    default:
      return issue.message;
  }
}

/** What zod found, at the lines where it stands; `prefix` is the path of the checked value in the file. */
export function problemsOf(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  value: unknown,
  source: Source,
  prefix: Path,
  note: (path: Path) => string = () => '',
): Problem[] {
  const meant = misspelled(issues, schema);
  return issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    const full = [...prefix, ...path];
    const name = String(path.at(-1) ?? prefix.at(-1) ?? 'the file');
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, path);
      return issue.keys.map((key) =>
        source.problem([...full, key], `unknown key ${key}`, { key: true, hint: hintFor(key, known) }),
      );
    }
    if (issue.code === 'invalid_key') {
      return [
        source.problem(full, `${name} is not a name that may stand here: ${issue.issues.map(wanted).join(', ')}`, {
          key: true,
        }),
      ];
    }
    const got = valueAt(value, path);
    // The key is there, misspelled: the unknown key says so.
    if (got === undefined && meant.has(path.join('.'))) return [];
    if (got === undefined) return [source.problem(full, `${name} is missing`, { hint: `${name} is ${wanted(issue)}` })];
    if (got === null) return [source.problem(full, `${name} has no value`, { hint: `${name} is ${wanted(issue)}` })];
    if (got === '' && issue.code === 'too_small') return [source.problem(full, `${name} must not be empty`)];
    if (issue.code === 'invalid_union') {
      const branch = closest(issue);
      if (branch) {
        const inner = branch.map((error) => ({ ...error, path: [...issue.path, ...error.path] }));
        return problemsOf(inner, schema, value, source, prefix, note);
      }
    }
    if (issue.code === 'custom' || issue.code === 'invalid_format') {
      return [source.problem(full, `${name}: ${issue.message}${note(path)}`)];
    }
    const hint = issue.code === 'invalid_value' && typeof got === 'string' ? near(got, issue.values) : undefined;
    return [source.problem(full, `${name} must be ${wanted(issue)}, and is ${shown(got)}${note(path)}`, { hint })];
  });
}

/** Paths of the keys that unknown keys most likely stand for. */
function misspelled(issues: readonly Issue[], schema: z.core.$ZodType): Set<string> {
  const paths = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    const known = keysAt(schema, path);
    return issue.keys.flatMap((key) => {
      const name = nearest(key, known);
      return name === undefined ? [] : [[...path, name].join('.')];
    });
  });
  return new Set(paths);
}

function near(got: string, values: readonly unknown[]): string | undefined {
  const name = nearest(
    got,
    values.filter((value) => typeof value === 'string'),
  );
  return name === undefined ? undefined : `did you mean ${name}?`;
}

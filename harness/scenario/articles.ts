import { z } from 'zod';
import { problemsOf } from './issues.ts';
import { ScenarioError } from './problem.ts';
import { Source } from './source.ts';

/** An article whose claims the scenarios test. */
export interface Article {
  id: string;
  title: string;
  /** The kernel that it was written about. */
  kernel: string;
  about: string;
}

const schema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  z.strictObject({ title: z.string().min(1), kernel: z.string().min(1), about: z.string().min(1) }),
);

/** Reads articles.yaml: `id: { title, kernel, about }`. */
export function parseArticles(text: string, file: string): Article[] {
  const source = Source.read(text, file);
  const shape = schema.safeParse(source.value);
  if (!shape.success) throw new ScenarioError(problemsOf(shape.error.issues, schema, source.value, source, []));
  return Object.entries(shape.data).map(([id, article]) => ({ id, ...article }));
}

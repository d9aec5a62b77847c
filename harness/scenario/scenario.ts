import { createHash } from 'node:crypto';
import { wrongMaking } from './check-reference.ts';
import type { Definition, ScenarioContext } from './definition.ts';
import { fileSchema, type ScenarioFile } from './file-schema.ts';
import { problemsOf } from './issues.ts';
import type { Expression, Holds } from './model.ts';
import { Names } from './names.ts';
import { bindingCount, bindingsOf, MAX_BINDINGS, typeOf, valuesOf, type Params } from './params.ts';
import { lastsOf, planBindings, tagsOf } from './planner.ts';
import { ScenarioError, type Problem } from './problem.ts';
import { Source } from './source.ts';
import type { FieldType } from './step-kind.ts';
import { holdsOf } from './traits.ts';

export type { ScenarioContext } from './definition.ts';

/** A claim as the file has it, for lists. */
export interface ClaimInfo {
  id: string;
  article: string;
  section: string;
  says: string;
  holds: Holds;
}

/** A scenario that was read and found right. `definition` is what plans are made of. */
export interface Scenario {
  id: string;
  file: string;
  title: string;
  about: string;
  tags: readonly string[];
  /** Ids of the articles whose claims it tests. */
  articles: readonly string[];
  claims: readonly ClaimInfo[];
  /** Programs that it starts. */
  needs: readonly string[];
  hosts: readonly string[];
  /** Every value that each param takes. */
  params: Params;
  alone: boolean;
  /** Seconds of lab time, about. */
  lasts: number;
  /** Ids of changes that it mentions. */
  changes: readonly string[];
  probe?: Expression;
  definition: Definition;
}

/**
 * Reads and checks one scenario file, every value of its sweeps included.
 * @throws ScenarioError with all problems
 */
export function parseScenario(input: { text: string; file: string; id: string }, context: ScenarioContext): Scenario {
  const source = Source.read(input.text, input.file);
  const shape = fileSchema.safeParse(source.value);
  if (!shape.success) throw new ScenarioError(problemsOf(shape.error.issues, fileSchema, source.value, source, []));
  const file = shape.data;
  const params: Params = Object.fromEntries(
    Object.entries(file.params).map(([name, written]) => [name, valuesOf(written)]),
  );
  const types = checkNames(params, source, file);
  const digest = createHash('sha256').update(input.text).digest('hex');
  const definition: Definition = { id: input.id, digest, source, file, types, context, interned: new Map() };
  const plans = planBindings(definition, bindingsOf(params));
  const claims = file.claims.map(({ id, source: { article, section = '' }, says, holds }) => ({
    id,
    article,
    section,
    says,
    holds: holdsOf(holds),
  }));
  const probe = plans[0]?.probe;
  return {
    id: input.id,
    file: input.file,
    title: file.title,
    about: file.about,
    tags: tagsOf(file),
    articles: [...new Set(claims.map(({ article }) => article))],
    claims,
    needs: [...new Set(plans.flatMap((plan) => plan.needs))],
    hosts: Object.keys(file.hosts),
    params,
    alone: file.alone,
    lasts: lastsOf(file),
    changes: [...new Set(plans.flatMap((plan) => plan.changes))],
    ...(probe ? { probe } : {}),
    definition,
  };
}

/** Checks the names and types of hosts and params; returns the params' CEL types. */
function checkNames(params: Params, source: Source, file: ScenarioFile): Record<string, FieldType> {
  const problems: Problem[] = [];
  const types: Record<string, FieldType> = {};
  const key = (path: string[], message: string, hint?: string) =>
    problems.push(source.problem(path, message, { key: true, hint }));
  const count = bindingCount(params);
  if (count > MAX_BINDINGS) key(['params'], `a sweep of ${count} records: at most ${MAX_BINDINGS}`);
  for (const name of Object.keys(file.hosts)) {
    const wrong = wrongMaking(name, new Names([], {}));
    if (wrong) key(['hosts', name], wrong.message, wrong.hint);
  }
  const hosts = new Names(Object.keys(file.hosts), {});
  for (const [name, values] of Object.entries(params)) {
    const wrong = wrongMaking(name, hosts);
    if (wrong) key(['params', name], wrong.message, wrong.hint);
    const type = typeOf(values);
    if (type === undefined) key(['params', name], `the values of ${name} are of different types`);
    else types[name] = type;
  }
  if (problems.length > 0) throw new ScenarioError(problems);
  return types;
}

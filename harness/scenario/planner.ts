import { hintFor } from '../expression/did-you-mean.ts';
import type { ReferenceContext } from './check-reference.ts';
import { Work, type Definition } from './definition.ts';
import { secondsOf } from './duration.ts';
import type { ScenarioFile } from './file-schema.ts';
import { lawsFor } from './laws.ts';
import type { Plan, PlannedStep } from './model.ts';
import { Names } from './names.ts';
import { REFERENCE, type Binding } from './params.ts';
import { planHosts, planLinks } from './plan-hosts.ts';
import { JudgedReader } from './plan-judged.ts';
import { ScenarioError, type Problem } from './problem.ts';
import type { Path } from './source.ts';
import type { StepSpec } from './step-kind.ts';
import { StepReader } from './steps.ts';

/** Over this many seconds of lab time a scenario carries the tag `long`. */
const LONG = 15;

export const lastsOf = ({ lasts }: ScenarioFile): number => (lasts === undefined ? 1 : secondsOf(lasts)!);

export const tagsOf = (file: ScenarioFile): string[] => [
  ...new Set([...file.tags, ...(lastsOf(file) > LONG ? ['long'] : [])]),
];

/** A plan for each binding. Throws ScenarioError with the problems of all, each once, in the order of the file. */
export function planBindings(definition: Definition, bindings: readonly Binding[]): Plan[] {
  const problems = new Map<string, Problem>();
  const plans = bindings.flatMap((binding) => {
    const work = new Work(definition, binding);
    const plan = planOf(work);
    for (const problem of work.problems) {
      const { position, message } = problem;
      problems.set(`${position.line}:${position.column}:${message}`, problem);
    }
    return work.problems.length === 0 ? [plan] : [];
  });
  if (problems.size === 0) return plans;
  throw new ScenarioError(
    [...problems.values()].toSorted(({ position: a }, { position: b }) => a.line - b.line || a.column - b.column),
  );
}

function planOf(work: Work): Plan {
  const { id, digest, file, context } = work.definition;
  reportUnknownParams(file.hosts, ['hosts'], work);
  reportUnknownParams(file.steps, ['steps'], work);
  const hosts = planHosts(work);
  const links = planLinks(work);
  const names = new Names(Object.keys(file.hosts), work.definition.types, work.definition.interned);
  const { steps, programs } = planSteps(work, names);
  const judged = new JudgedReader(work, names.types());
  const expect = judged.expectations();
  const claims = judged.claims();
  const probe = judged.probe();
  const tags = tagsOf(file);
  const laws = probe ? [] : lawsFor({ hosts, steps, tags }, context.laws);
  return {
    id,
    title: file.title,
    digest,
    tags,
    params: work.binding,
    repeat: 1,
    hosts,
    links,
    steps,
    expect: [...expect, ...laws],
    claims,
    ...(probe ? { probe } : {}),
    names: names.types(),
    changes: [...judged.changes],
    needs: [...new Set([...file.needs, ...programs])],
    alone: file.alone || steps.some(({ alone }) => alone),
    lasts: lastsOf(file),
  };
}

/** `$nope`: no param of that name. */
function reportUnknownParams(value: unknown, path: Path, work: Work): void {
  if (typeof value === 'string') {
    const name = REFERENCE.exec(value)?.[1];
    if (name === undefined || Object.hasOwn(work.binding, name)) return;
    const hint = hintFor(name, Object.keys(work.binding)) ?? 'params: gives it a value';
    work.problem(path, `unknown param $${name}`, { hint });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      reportUnknownParams(each, [...path, Array.isArray(value) ? Number(key) : key], work);
    }
  }
}

function planSteps(work: Work, names: Names): { steps: PlannedStep[]; programs: string[] } {
  const { file, source, context } = work.definition;
  const references: ReferenceContext = { source, names, makers: makersOf(file, context.steps) };
  const kinds = new Map(context.steps.map((spec) => [spec.kind, spec]));
  const reader = new StepReader(kinds, references, work.binding);
  const steps: PlannedStep[] = [];
  const programs: string[] = [];
  for (const [index, raw] of file.steps.entries()) {
    const { step, programs: started = [], problems } = reader.read(raw, ['steps', index]);
    if (step) steps.push(step);
    programs.push(...started);
    work.problems.push(...problems);
  }
  return { steps, programs };
}

/** Names that steps make, to the number of the step; read before the steps are checked, so nothing is sure. */
function makersOf(file: ScenarioFile, kinds: readonly StepSpec[]): Map<string, number> {
  const makers = new Map<string, number>();
  for (const [index, step] of file.steps.entries()) {
    for (const [kind, args] of Object.entries(step)) {
      const short = kinds.find((spec) => spec.kind === kind)?.shorthand === 'as' ? args : undefined;
      const name: unknown = typeof args === 'object' && args !== null ? Reflect.get(args, 'as') : short;
      if (typeof name === 'string' && !makers.has(name)) makers.set(name, index + 1);
    }
  }
  return makers;
}

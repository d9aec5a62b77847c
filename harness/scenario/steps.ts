import { z } from 'zod';
import { hintFor } from '../expression/did-you-mean.ts';
import { checkReference, wrongMaking, type ReferenceContext } from './check-reference.ts';
import { secondsOf } from './duration.ts';
import { count, duration } from './fields.ts';
import { problemsOf } from './issues.ts';
import type { PlannedStep } from './model.ts';
import { REFERENCE, substitute, type Binding } from './params.ts';
import type { Problem } from './problem.ts';
import { referencesIn } from './references.ts';
import type { Path, Source } from './source.ts';
import type { StepSpec } from './step-kind.ts';
import { sysctlValueProblem } from './sysctls.ts';

/** Keys that any step may have beside its own. */
export const GENERIC_KEYS = {
  beside: z
    .boolean()
    .describe('runs beside the steps after it; a join step waits for it, the end of the scenario ends it'),
  alone: z.boolean().describe('the timing of this step bears no other lab beside it: the scenario runs alone'),
  repeat: count().describe('so many times'),
  every: duration().describe('from the start of one repeat to the start of the next'),
};

type Kinds = ReadonlyMap<string, StepSpec>;

/** Kind and arguments of a step as they are written; the scalar shorthand put in its place. */
interface Written {
  kind: StepSpec;
  args: Record<string, unknown>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function written(step: Record<string, unknown>, path: Path, kinds: Kinds, source: Source): Written | Problem {
  const keys = Object.keys(step);
  const [name] = keys;
  if (name === undefined)
    return source.problem(path, 'an empty step', { hint: 'a step is one key, its kind: - observe: after' });
  if (keys.length > 1) {
    const second = keys[1]!;
    const hint = 'indent the keys of the first, or start a new step with -';
    return source.problem([...path, second], `a step has one key, its kind, and this one has ${keys.join(', ')}`, {
      key: true,
      hint,
    });
  }
  const kind = kinds.get(name);
  if (!kind)
    return source.problem([...path, name], `unknown step ${name}`, { key: true, hint: hintFor(name, kinds.keys()) });
  const args = step[name];
  if (isRecord(args)) return { kind, args };
  if (args !== null && !Array.isArray(args) && kind.shorthand !== undefined)
    return { kind, args: { [kind.shorthand]: args } };
  if (args === null) return { kind, args: {} };
  return source.problem([...path, name], `${name} needs a map of its keys`, {
    hint: `keys: ${Object.keys(kind.schema.shape).join(', ')}`,
  });
}

/** Problems of one step, and the step where it has none; names that it makes are made in the context. */
export class StepReader {
  readonly #kinds: Kinds;
  readonly #context: ReferenceContext;
  readonly #binding: Binding;

  constructor(kinds: Kinds, context: ReferenceContext, binding: Binding) {
    this.#kinds = kinds;
    this.#context = context;
    this.#binding = binding;
  }

  read(
    raw: Record<string, unknown>,
    path: Path,
  ): { step?: PlannedStep; programs?: readonly string[]; problems: Problem[] } {
    const { source, names } = this.#context;
    const found = written(raw, path, this.#kinds, source);
    if (!('kind' in found)) return { problems: [found] };
    const { kind, args: rawArgs } = found;
    const under: Path = [...path, kind.kind];
    const args = substitute(rawArgs, this.#binding);
    if (!isRecord(args)) return { problems: [] };
    const { generic, own } = separate(args, kind);

    const note = (inside: Path) => this.#note(rawArgs, inside);
    const checkedGeneric = GENERIC_SCHEMA.safeParse(generic);
    const checked = kind.schema.safeParse(own);
    const problems = [
      ...(checkedGeneric.success
        ? []
        : problemsOf(checkedGeneric.error.issues, GENERIC_SCHEMA, generic, source, under, note)),
      ...(checked.success ? [] : problemsOf(checked.error.issues, withGeneric(kind), own, source, under, note)),
    ];
    const { beside = false, alone = false, repeat = 1, every } = checkedGeneric.data ?? {};
    if (every !== undefined && repeat === 1) {
      problems.push(
        source.problem([...under, 'every'], 'every paces repeats, and this step has no repeat', { key: true }),
      );
    }
    const made: string[] = [];
    for (const referring of referencesIn(kind.schema, own)) {
      if (referring.reference.kind === 'makes') made.push(referring.text);
      problems.push(...checkReference(referring, [...under, ...referring.path], this.#context));
      problems.push(...this.#sysctlValue(referring, own, under));
    }
    for (const name of made) {
      const wrong = wrongMaking(name, names);
      const at = kind.shorthand === 'as' && !isRecord(raw[kind.kind]) ? under : [...under, 'as'];
      if (wrong) problems.push(source.problem(at, wrong.message, { hint: wrong.hint }));
      else names.make(name, kind.outcome);
    }
    if (!checked.success || problems.length > 0) return { problems };
    const refused = kind.refine?.(checked.data);
    if (refused) {
      const message = refused.message + note(refused.path);
      return { problems: [source.problem([...under, ...refused.path], message, { hint: refused.hint })] };
    }
    const [name] = made;
    const step: PlannedStep = {
      kind: kind.kind,
      ...(name === undefined ? {} : { name }),
      args: checked.data,
      beside,
      alone,
      repeat,
      every: every === undefined ? 0 : secondsOf(every)!,
      position: source.position(path),
    };
    return { step, programs: kind.programs?.(checked.data) ?? [], problems: [] };
  }

  /** Which param put a bad value there: `[backlog = -5]`. */
  #note(raw: unknown, path: Path): string {
    const value = path.reduce<unknown>(
      (inside, key) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, key) : undefined),
      raw,
    );
    const name = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
    return name !== undefined && Object.hasOwn(this.#binding, name)
      ? ` [${name} = ${String(this.#binding[name])}]`
      : '';
  }

  #sysctlValue(
    referring: { reference: { kind: string }; text: string; path: Path },
    args: unknown,
    under: Path,
  ): Problem[] {
    if (referring.reference.kind !== 'sysctl') return [];
    const entry = referring.path.reduce<unknown>(
      (inside, key) => (isRecord(inside) ? inside[String(key)] : undefined),
      args,
    );
    const value = isRecord(entry) ? entry['value'] : entry;
    if (typeof value !== 'number' && typeof value !== 'string') return [];
    const wrong = sysctlValueProblem(referring.text, value);
    return wrong === undefined ? [] : [this.#context.source.problem([...under, ...referring.path], wrong)];
  }
}

const GENERIC_SCHEMA = z.strictObject(GENERIC_KEYS).partial();
/** Only for did-you-mean: the keys that may stand in the step. */
const withGeneric = (kind: StepSpec) => kind.schema.safeExtend(GENERIC_KEYS);

function separate(args: Record<string, unknown>, kind: StepSpec) {
  const isGeneric = (key: string) => Object.hasOwn(GENERIC_KEYS, key) && !Object.hasOwn(kind.schema.shape, key);
  const pick = (wanted: boolean) =>
    Object.fromEntries(Object.entries(args).filter(([key]) => isGeneric(key) === wanted));
  return { generic: pick(true), own: pick(false) };
}

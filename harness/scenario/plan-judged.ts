import { compile } from '../expression/compile.ts';
import { hintFor } from '../expression/did-you-mean.ts';
import { checkCel } from './check-reference.ts';
import type { Work } from './definition.ts';
import type { TraitOfFile } from './file-schema.ts';
import type { Expression, NameTypes, PlannedClaim, PlannedExpectation, Trait } from './model.ts';
import { bindingCount, valuesOf } from './params.ts';
import type { Path } from './source.ts';
import type { FieldType } from './step-kind.ts';
import { listOf, traitOf } from './traits.ts';

const onlyParams = new WeakMap<Readonly<Record<string, FieldType>>, NameTypes>();

/** Names that a `for` sees. */
function paramsOnly(types: Readonly<Record<string, FieldType>>): NameTypes {
  let names = onlyParams.get(types);
  if (!names) onlyParams.set(types, (names = { hosts: [], observations: [], params: types, outcomes: {} }));
  return names;
}

/** What a plan judges: expectations and claims for which this record is, or the question of a probe. */
export class JudgedReader {
  /** Ids of the changes that came up. */
  readonly changes = new Set<string>();
  readonly #work: Work;
  readonly #names: NameTypes;

  constructor(work: Work, names: NameTypes) {
    this.#work = work;
    this.#names = names;
  }

  expectations(): PlannedExpectation[] {
    return this.#work.definition.file.expect.flatMap((expectation, index) => {
      const path = ['expect', index];
      const when = expectation.when && this.#trait(expectation.when, [...path, 'when']);
      const that = this.#expression(expectation.that, [...path, 'that']);
      return this.#applies(expectation.for, [...path, 'for']) ? [{ that, ...(when ? { when } : {}) }] : [];
    });
  }

  claims(): PlannedClaim[] {
    const { file, context } = this.#work.definition;
    const ids = new Set<string>();
    return file.claims.flatMap((claim, index) => {
      const path = ['claims', index];
      if (ids.has(claim.id)) this.#work.problem([...path, 'id'], `there is another claim ${claim.id} in this file`);
      ids.add(claim.id);
      const { article, section, kernel } = claim.source;
      if (!context.articles.includes(article)) {
        const hint = hintFor(article, context.articles);
        this.#work.problem([...path, 'source', 'article'], `unknown article ${article}`, { hint });
      }
      const holds = typeof claim.holds === 'string' ? claim.holds : this.#trait(claim.holds, [...path, 'holds']);
      const that = this.#expression(claim.that, [...path, 'that']);
      if (!this.#applies(claim.for, [...path, 'for'])) return [];
      const source = {
        article,
        ...(section === undefined ? {} : { section }),
        ...(kernel === undefined ? {} : { kernel }),
      };
      const { id, says, instead } = claim;
      return [{ id, source, says, that, holds, ...(instead === undefined ? {} : { instead }) }];
    });
  }

  probe(): Expression | undefined {
    const { file } = this.#work.definition;
    if (file.probe === undefined) return undefined;
    for (const key of ['expect', 'claims'] as const) {
      if (file[key].length > 0)
        this.#work.problem([key], `a probe asks one question, and has no ${key}`, { key: true });
    }
    const params = Object.fromEntries(Object.entries(file.params).map(([name, one]) => [name, valuesOf(one)]));
    if (bindingCount(params) > 1)
      this.#work.problem(['params'], 'a probe asks one question, and has no sweep', { key: true });
    return this.#expression(file.probe, ['probe']);
  }

  #expression(cel: string, path: Path): Expression {
    const { source } = this.#work.definition;
    this.#work.problems.push(...checkCel(cel, 'bool', path, this.#names, { source, makers: new Map() }));
    return { cel, position: source.position(path) };
  }

  /** Whether something is judged in this record; true also where its `for` is wrong, which is then a problem. */
  #applies(condition: string | undefined, path: Path): boolean {
    if (condition === undefined) return true;
    const { source, types } = this.#work.definition;
    const names = paramsOnly(types);
    const problems = checkCel(condition, 'bool', path, names, { source, makers: new Map() });
    this.#work.problems.push(...problems);
    if (problems.length > 0) return true;
    const nothing = { at: 0, hosts: {}, outcomes: {}, observations: {}, hz: 1 };
    const result = compile(condition, names).evaluate({ ...nothing, params: this.#work.binding });
    if ('value' in result) return result.value === true;
    this.#work.problem(
      path,
      'error' in result ? result.error : `${result.absent} is not known before the scenario runs`,
    );
    return true;
  }

  #trait(written: TraitOfFile, path: Path): Trait {
    const known = this.#work.definition.context.changes.map(({ id }) => id);
    for (const key of ['has', 'lacks'] as const) {
      const ids = written[key];
      for (const [index, id] of listOf(ids).entries()) {
        const at = Array.isArray(ids) ? [...path, key, index] : [...path, key];
        if (!known.includes(id)) this.#work.problem(at, `unknown change ${id}`, { hint: hintFor(id, known) });
        this.changes.add(id);
      }
    }
    return traitOf(written);
  }
}

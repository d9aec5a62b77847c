import { compile } from '../expression/compile.ts';
import type { Evaluated } from '../expression/evaluated.ts';
import type { Scope } from '../evidence/model.ts';
import type { ClaimOfRecord, ExpectationOfRecord, TraitOfRecord } from '../results/record.ts';
import type { Change, Holds, Plan, PlannedClaim, PlannedExpectation, Position, Trait } from '../scenario/model.ts';

export interface Judgement {
  expectations: ExpectationOfRecord[];
  claims: ClaimOfRecord[];
  verdict: 'passed' | 'failed';
  reason: { code: string; text: string };
}

type TraitsById = Readonly<Record<string, TraitOfRecord>>;
type ChangesById = ReadonlyMap<string, Change>;

const place = ({ file, line, column }: Position) => `${file}:${line}:${column}`;
const unknownOf = ({ has = [], lacks = [] }: Trait, traits: TraitsById) =>
  [...has, ...lacks].filter((id) => traits[id] === undefined);

/** Changes because of which a kernel is not one of those that the trait is about. */
const against = ({ has = [], lacks = [] }: Trait, traits: TraitsById) => ({
  lacking: has.filter((id) => traits[id]?.has === false),
  having: lacks.filter((id) => traits[id]?.has === true),
});

/** Whether the kernel is one of those that the trait is about; null where nothing tells. */
function met(trait: Trait, traits: TraitsById): boolean | null {
  const { lacking, having } = against(trait, traits);
  if (lacking.length + having.length > 0) return false;
  return unknownOf(trait, traits).length > 0 ? null : true;
}

function whyNot(trait: Trait, traits: TraitsById): string {
  const { lacking, having } = against(trait, traits);
  const reasons = [...lacking.map((id) => `lacks ${id}`), ...having.map((id) => `has ${id}`)];
  if (reasons.length > 0) return `this kernel ${reasons.join(' and ')}`;
  return `neither the version nor a probe tells whether this kernel has ${unknownOf(trait, traits).join(' and ')}`;
}

const failureText = (result: Evaluated, text: string) => {
  if ('absent' in result) return `this kernel lacks ${result.absent}`;
  if ('error' in result) return `${result.error}: ${text}`;
  return typeof result.value === 'boolean' ? text : `not a boolean: ${text}`;
};

function judgeExpectation(
  { that, when }: PlannedExpectation,
  plan: Plan,
  scope: Scope,
  traits: TraitsById,
): ExpectationOfRecord {
  const common = { that: that.cel, ...(when ? { when } : {}), position: place(that.position) };
  if (when && met(when, traits) !== true) {
    return { ...common, verdict: 'skipped', values: {}, text: whyNot(when, traits) };
  }
  const compiled = compile(that.cel, plan.names);
  const result = compiled.evaluate(scope);
  const { text, values } = compiled.explain(scope);
  const held = 'value' in result && result.value === true;
  const verdict = held ? 'held' : 'absent' in result ? 'skipped' : 'broken';
  return { ...common, verdict, values: toJson(values), text: failureText(result, text) };
}

function predicted(holds: Holds, traits: TraitsById): ClaimOfRecord['expected'] {
  if (holds === 'always') return 'confirmed';
  if (holds === 'never') return 'refuted';
  const here = met(holds, traits);
  if (here === null) return 'not-tested';
  return here ? 'confirmed' : 'refuted';
}

function named(id: string, verb: string, changes: ChangesById): string {
  const change = changes.get(id);
  if (!change) return `this kernel ${verb} ${id}`;
  const since = `${change.commit.slice(0, 12)}, ${change.of === 'linux' ? '' : `${change.of} `}${change.mainline}`;
  return `this kernel ${verb} ${id}: "${change.subject}" (${since})`;
}

/** Why a claim is refuted on this kernel, and the changes behind it. */
function reasonsOf(
  holds: Holds,
  traits: TraitsById,
  changes: ChangesById,
): Pick<ClaimOfRecord, 'because' | 'explainedBy'> {
  if (holds === 'never') return { because: 'never held', explainedBy: [] };
  const { lacking, having } = holds === 'always' ? { lacking: [], having: [] } : against(holds, traits);
  const reasons = [
    ...lacking.map((id) => named(id, 'lacks', changes)),
    ...having.map((id) => named(id, 'has', changes)),
  ];
  return { because: reasons.join('; ') || 'nothing that changes.yaml knows', explainedBy: [...lacking, ...having] };
}

interface JudgedClaim {
  claim: ClaimOfRecord;
  error?: string;
}

function judgeClaim(
  planned: PlannedClaim,
  plan: Plan,
  scope: Scope,
  traits: TraitsById,
  changes: ChangesById,
): JudgedClaim {
  const compiled = compile(planned.that.cel, plan.names);
  const result = compiled.evaluate(scope);
  const { text, measured, values } = compiled.explain(scope);
  const boolean = 'value' in result && typeof result.value === 'boolean';
  const verdict = !boolean ? 'not-tested' : result.value === true ? 'confirmed' : 'refuted';
  const claim: ClaimOfRecord = {
    id: planned.id,
    article: planned.source.article,
    section: planned.source.section ?? '',
    says: planned.says,
    verdict,
    expected: predicted(planned.holds, traits),
    that: planned.that.cel,
    values: toJson(values),
    text: failureText(result, text),
    measured: boolean ? measured : failureText(result, text),
    ...(verdict === 'refuted' ? reasonsOf(planned.holds, traits, changes) : { because: '', explainedBy: [] }),
    ...(planned.instead === undefined ? {} : { instead: planned.instead }),
  };
  return 'absent' in result || boolean ? { claim } : { claim, error: claim.text };
}

type Json = ExpectationOfRecord['values'];
/** Values are JSON already: fromCel() made them. */
const toJson = (values: Record<string, unknown>): Json => values;

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;

/** Expectations and claims of a record, from what the lab showed. Where the kernel lacks a counter nothing is judged. */
export function judge(plan: Plan, scope: Scope, traits: TraitsById, changes: readonly Change[]): Judgement {
  const byId = new Map(changes.map((change) => [change.id, change]));
  const expectations = plan.expect.map((expectation) => judgeExpectation(expectation, plan, scope, traits));
  const judged = plan.claims.map((claim) => judgeClaim(claim, plan, scope, traits, byId));
  const claims = judged.map(({ claim }) => claim);

  const broken = expectations.filter(({ verdict }) => verdict === 'broken');
  const erred = judged.filter(({ error }) => error !== undefined);
  const surprising = claims.filter(
    ({ verdict, expected }) => verdict !== 'not-tested' && expected !== 'not-tested' && verdict !== expected,
  );
  const failures = [
    ...broken.map(({ that, text, position }) => ({ code: 'expectation', text: `${position}: ${that}: ${text}` })),
    ...erred.map(({ claim }) => ({ code: 'claim', text: `claim ${claim.id} cannot be judged: ${claim.text}` })),
    ...surprising.map(({ id, verdict, expected, text }) => ({
      code: 'claim',
      text: `claim ${id} is ${verdict}, where ${expected} was predicted: ${text}`,
    })),
  ];
  const [first] = failures;
  if (first) {
    const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
    return { expectations, claims, verdict: 'failed', reason: { code: first.code, text: first.text + more } };
  }
  const held = expectations.filter(({ verdict }) => verdict === 'held').length;
  const told = claims.filter(({ verdict }) => verdict !== 'not-tested').length;
  const text = `${plural(held, 'expectation')} held, ${plural(told, 'claim')} as predicted`;
  return { expectations, claims, verdict: 'passed', reason: { code: 'passed', text } };
}

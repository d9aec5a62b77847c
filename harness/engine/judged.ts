import { compile } from '../expression/compile.ts';
import type { TraitOfRecord } from '../results/record.ts';
import type { Change, Plan } from '../scenario/model.ts';
import { judge } from '../verdict/judge.ts';
import type { Place } from './place.ts';
import type { Shown } from './run-plan.ts';
import { scopeOf } from './walk.ts';

/** Puts the verdicts into a record whose steps were taken to the end. */
export function judged(
  plan: Plan,
  { record, evidence }: Shown,
  traits: Readonly<Record<string, TraitOfRecord>>,
  changes: readonly Change[],
  place: Place,
): void {
  record.changes = Object.fromEntries(plan.changes.flatMap((id) => (traits[id] ? [[id, traits[id]]] : [])));
  if (!evidence) return;
  const scope = scopeOf(plan, evidence.final, evidence.observations, place.hz);
  if (plan.probe) {
    const result = compile(plan.probe.cel, plan.names).evaluate(scope);
    record.probe = 'value' in result ? result.value === true : null;
  }
  Object.assign(record, judge(plan, scope, traits, changes));
  const wrong = plan.changes.filter((id) => disagree(traits[id]));
  if (wrong.length === 0 || record.verdict !== 'passed') return;
  record.verdict = 'failed';
  record.reason = {
    code: 'change',
    text: `the probe of ${wrong.join(', ')} disagrees with what this kernel's version says`,
  };
}

function disagree(trait: TraitOfRecord | undefined): boolean {
  return trait !== undefined && trait.version !== null && trait.probe !== null && trait.version !== trait.probe;
}

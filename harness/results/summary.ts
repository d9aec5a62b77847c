import type { Run, ScenarioRecord, Verdict } from './record.ts';

const WORST_FIRST: readonly Verdict[] = ['error', 'failed', 'passed', 'skipped'];

/** The worst of error > failed > passed > skipped; nothing at all counts as skipped. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'skipped';
}

/** How many records ended in each verdict. */
export function counts(records: readonly ScenarioRecord[]): Record<Verdict, number> {
  const total = { passed: 0, failed: 0, skipped: 0, error: 0 };
  for (const { verdict } of records) total[verdict]++;
  return total;
}

/** Claims of a run that were decided, with the record that decided each. */
export function claimsOf(run: Run): { record: ScenarioRecord; claim: ScenarioRecord['claims'][number] }[] {
  return run.records.flatMap((record) => record.claims.map((claim) => ({ record, claim })));
}

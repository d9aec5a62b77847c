import type { ScenarioRecord } from '../results/record.ts';
import { visible } from './escape.ts';
import { groupBy } from './group-by.ts';

/** The skipped records of a scenario that has so many in all, a line for each reason: `id  3 of 4 records  (why)`. */
export function skippedLines(records: readonly ScenarioRecord[], all: number): string[] {
  const skipped = records.filter(({ verdict, reason }) => verdict === 'skipped' && reason.code !== 'interrupted');
  return [...groupBy(skipped, ({ reason }) => reason.text)].map(([why, same]) => {
    const many = all === 1 ? '' : `  ${same.length} of ${all} records`;
    return `${visible(same[0].scenario.id)}${many}  (${visible(why)})`;
  });
}

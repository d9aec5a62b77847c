import type { Run } from '../results/record.ts';
import type { Coverage, StateDiagram } from '../scenario/state-diagram.ts';
import { coverageOf } from '../verdict/coverage.ts';

/** What a run has shown of the state diagram; undefined where it walks no arrow of it. */
export function runCoverage(diagram: StateDiagram, { records }: Run): Coverage | undefined {
  const walks = new Set(diagram.arrows.map(({ walk }) => ('unreachable' in walk ? '' : walk.scenario)));
  return records.some(({ scenario }) => walks.has(scenario.id)) ? coverageOf(diagram, records) : undefined;
}

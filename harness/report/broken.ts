import type { ExpectationOfRecord, Run, ScenarioRecord } from '../results/record.ts';
import { inline, labels } from './label.ts';
import { packetLine, packetsAround } from './packet-text.ts';

/** A broken expectation with what a person needs to see why. */
export interface Broken {
  /** Scenario, swept params, repeat. */
  label: string;
  /** file:line:column */
  position: string;
  that: string;
  /** The expression with its values put in. */
  text: string;
  values: readonly (readonly [name: string, value: string])[];
  /** Packets around the moment, as tcpdump would print them. */
  packets: readonly string[];
}

/** Every broken expectation of a run, in the order of its records. */
export function brokenOf(run: Run): Broken[] {
  const names = recordLabels(run.records);
  return run.records.flatMap((record, index) =>
    record.expectations.filter(({ verdict }) => verdict === 'broken').map((each) => broken(names[index]!, record, each)),
  );
}

export const recordLabels = (records: readonly ScenarioRecord[]): string[] =>
  labels(records.map(({ scenario, repeat }) => ({ id: scenario.id, params: scenario.params, repeat })));

function broken(label: string, record: ScenarioRecord, expectation: ExpectationOfRecord): Broken {
  return {
    label,
    position: expectation.position,
    that: expectation.that,
    text: expectation.text,
    values: Object.entries(expectation.values).map(([name, value]) => [name, inline(value)] as const),
    packets: packetsAround(record, expectation).map(packetLine),
  };
}

import type { ExpectationOfRecord, Run, ScenarioRecord } from '../results/record.ts';
import { inline, labels } from './label.ts';
import { lastPackets, packetLine, packetsAround } from './packet-text.ts';

/** What went wrong in a record, with what a person needs to see why. */
export interface Broken {
  /** An expectation that broke, or a scenario that stopped before its end. */
  what: 'broken' | 'stopped';
  /** Scenario, swept params, repeat. */
  label: string;
  /** Names and texts in the order in which to show them. */
  lines: readonly (readonly [name: string, text: string])[];
  /** Packets around the moment, as tcpdump would print them. */
  packets: readonly string[];
}

/** Every broken expectation of a run, and every scenario that stopped early with packets to show; in the order of records. */
export function brokenOf(run: Run): Broken[] {
  const names = recordLabels(run.records);
  return run.records.flatMap((record, index) => {
    const label = names[index]!;
    const expectations = record.expectations.filter(({ verdict }) => verdict === 'broken');
    if (expectations.length > 0) return expectations.map((each) => broken(label, record, each));
    return judged(record) || record.packets.length === 0 ? [] : [stopped(label, record)];
  });
}

/** Whether its expectations and claims were looked at. */
const judged = ({ verdict, expectations, claims }: ScenarioRecord) =>
  verdict === 'passed' || verdict === 'skipped' || expectations.length + claims.length > 0;

export const recordLabels = (records: readonly ScenarioRecord[]): string[] =>
  labels(records.map(({ scenario, repeat }) => ({ id: scenario.id, params: scenario.params, repeat })));

function broken(label: string, record: ScenarioRecord, expectation: ExpectationOfRecord): Broken {
  const { position, that, text, values } = expectation;
  return {
    what: 'broken',
    label,
    lines: [
      ['at', position],
      ['expected', that],
      ['measured', text],
      ...Object.entries(values).map(
        ([name, value], index) => [index === 0 ? 'with' : '', `${name} = ${inline(value)}`] as const,
      ),
    ],
    packets: packetsAround(record, expectation).map(packetLine),
  };
}

const stopped = (label: string, record: ScenarioRecord): Broken => ({
  what: 'stopped',
  label,
  lines: [['why', record.reason.text]],
  packets: lastPackets(record.packets).map(packetLine),
});

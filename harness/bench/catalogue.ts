import type { ScenarioRecord } from '../results/record.ts';
import { type Bench, type Figure, median } from './bench.ts';
import { catalogueRequest, measure } from './launch.ts';

const REPEATS = 20;
const ROUNDS = 3;
const RATIO = 1.15;

/** Wall time of the whole catalogue against its longest scenario: labs wait side by side. */
export const start: Bench = {
  name: 'start',
  about: 'the run of `npm start`, set-up apart, against its longest scenario',
  async run(): Promise<Figure[]> {
    const ratios: number[] = [];
    let longest = 0;
    for (let i = 0; i < ROUNDS; i += 1) {
      const { records, seconds } = await measure(catalogueRequest(1));
      longest = Math.max(...records.map((record) => record.seconds.lab));
      ratios.push(seconds / longest);
    }
    const value = median(ratios);
    return [
      { what: 'longest scenario', value: longest, unit: 's' },
      {
        what: `whole run / longest, median of ${ROUNDS}`,
        value,
        unit: 'x',
        promise: { text: `at most ${RATIO}`, kept: value <= RATIO },
      },
    ];
  },
};

/** The same input gives the same numbers. */
export const exact: Bench = {
  name: 'exact',
  about: `the catalogue ${REPEATS} times, one after the other: nothing broken, every counter that an expectation names identical`,
  async run(): Promise<Figure[]> {
    const records: ScenarioRecord[] = [];
    let seconds = 0;
    // One after the other, as a person would: all at once would measure what a crowded machine does to timers.
    for (let i = 0; i < REPEATS; i += 1) {
      const run = await measure(catalogueRequest(1));
      records.push(...run.records);
      seconds += run.seconds;
    }
    const broken = records.filter(({ verdict }) => verdict !== 'passed');
    for (const record of broken)
      process.stderr.write(
        `${record.scenario.id} ${JSON.stringify(record.scenario.params)}: ${record.verdict}: ${record.reason.text}\n`,
      );
    const unequal = differing(records);
    for (const line of unequal) process.stderr.write(`${line}\n`);
    return [
      { what: 'records', value: records.length, unit: '' },
      { what: 'not passed', value: broken.length, unit: '', promise: { text: '0', kept: broken.length === 0 } },
      {
        what: 'counters that differ between repeats',
        value: unequal.length,
        unit: '',
        promise: { text: '0', kept: unequal.length === 0 },
      },
      { what: 'wall time', value: seconds, unit: 's' },
    ];
  },
};

const COUNTER = /\b[A-Za-z0-9]+\.(?:Tcp|Ip|Icmp|Udp)[A-Za-z0-9]+\b/g;

/** Counters named in expectations whose change was not the same in every repeat. */
function differing(records: readonly ScenarioRecord[]): string[] {
  const seen = new Map<string, Set<number>>();
  for (const { scenario, hosts, expectations } of records)
    for (const name of new Set(expectations.flatMap(({ that }) => that.match(COUNTER) ?? []))) {
      const [host, counter] = name.split('.') as [string, string];
      const value = hosts[host]?.counters.delta[counter];
      const key = `${scenario.id} ${JSON.stringify(scenario.params)} ${name}`;
      if (value !== undefined) seen.set(key, (seen.get(key) ?? new Set()).add(value));
    }
  return [...seen].filter(([, values]) => values.size > 1).map(([key, values]) => `${key}: ${[...values].join(', ')}`);
}

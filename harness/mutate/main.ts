import { loadCatalogue } from '../cli/catalogue.ts';
import { buildRequest } from '../cli/request.ts';
import { EXIT } from '../errors.ts';
import { LAUNCHERS } from '../launch/registry.ts';
import type { ScenarioRecord } from '../results/record.ts';
import { plansOf } from '../scenario/plans.ts';
import { type Mutant, mutantsOf } from './mutations.ts';

// Does every scenario notice when its central step is wrong? Each mutant differs in one thing from a plan of the
// catalogue; a scenario that breaks no expectation for any of its mutants proves nothing.

/** Seconds that mutants may take: some wait in vain for what the mutation took away. */
const WALL = 1800;
const JOBS = 48;

const cwd = process.cwd();
const catalogue = loadCatalogue({ selectors: process.argv.slice(2), tags: [], cwd });
const { scenarios } = catalogue;
const mutants = scenarios.flatMap((scenario) => {
  const plans = plansOf(scenario);
  // The last binding of a sweep: the one with the largest numbers.
  const own = Object.entries(scenario.definition.file.hosts).map(([host, value]) => [
    host,
    Object.keys(value?.sysctl ?? {}),
  ]);
  return mutantsOf(plans.at(-1)!, Object.fromEntries(own)).map((mutant) => ({ scenario: scenario.id, ...mutant }));
});
const request = buildRequest(
  catalogue,
  { launcher: 'local', seed: 0, jobs: JOBS, full: false, timeout: null, noSkip: true, set: [], repeat: 1 },
  cwd,
);
const records: ScenarioRecord[] = [];
await LAUNCHERS['local']!.run(
  { ...request, plans: mutants.map(({ plan }) => plan) },
  (event) => {
    if (event.type === 'record') records[event.record] = event.value;
  },
  { signal: new AbortController().signal, kill: new AbortController().signal, wallTimeout: WALL },
);

type Judged = Mutant & { scenario: string; how: string };
const judged: Judged[] = mutants.map((mutant, index) => ({ ...mutant, how: noticed(records[index]) }));

let blind = 0;
for (const { id } of scenarios) {
  const own = judged.filter(({ scenario }) => scenario === id);
  const broken = own.filter(({ how }) => how === 'broken').length;
  const unseen = own.filter(({ how }) => how === 'unnoticed');
  if (broken === 0) blind += 1;
  process.stdout.write(
    `${broken > 0 ? 'ok  ' : 'FAIL'} ${id}: ${broken} of ${own.length} mutants break an expectation\n`,
  );
  for (const { what } of unseen) process.stdout.write(`     unnoticed: ${what}\n`);
}
process.stdout.write(
  `${scenarios.length - blind} of ${scenarios.length} scenarios notice, ${judged.filter(({ how }) => how === 'unnoticed').length} of ${judged.length} mutants go unnoticed\n`,
);
process.exitCode = blind > 0 ? EXIT.failed : EXIT.passed;

/** What the scenario made of a mutant: a broken expectation, a wait in vain, another end, or nothing. */
function noticed(record: ScenarioRecord | undefined): string {
  if (record === undefined) return 'lost';
  if (record.expectations.some(({ verdict }) => verdict === 'broken')) return 'broken';
  return record.verdict === 'passed' ? 'unnoticed' : record.reason.code;
}

import type { Run, ScenarioRecord, Verdict } from '../results/record.ts';
import { counts } from '../results/summary.ts';
import { brokenOf } from './broken.ts';
import type { Broken } from './broken.ts';
import { claimTables, surprisesOf } from './claims-table.ts';
import { claimsText } from './claims-text.ts';
import { coverageText } from './coverage-text.ts';
import { visible } from './escape.ts';
import { inline, labels, plural, seconds } from './label.ts';
import type { Output, Reporter, ReporterKind, RunInfo } from './reporter.ts';
import { skippedLines } from './skipped.ts';
import { WORDS, spell, verdictColour } from './style.ts';
import { wrap } from './wrap.ts';

const MOST_PACKETS = 20;
const FEW_CLAIMS = 12;

/** For people: a line per finished scenario, then what broke and why, the claims, and the counts. */
export const textReporter: ReporterKind = {
  name: 'text',
  about: 'lines for people: what broke and why, the claims, the counts',
  make: (output) => new TextReporter(output),
};

class TextReporter implements Reporter {
  readonly #output: Output;
  #info: RunInfo | undefined;
  #labels: string[] = [];
  readonly #told = new Set<number>();
  readonly #records = new Map<string, readonly ScenarioRecord[]>();

  constructor(output: Output) {
    this.#output = output;
  }

  begin(info: RunInfo): void {
    this.#info = info;
    this.#labels = labels(info.plans);
  }

  event(event: Parameters<Reporter['event']>[0]): void {
    if (event.type === 'hello') {
      const rights = event.root ? 'root' : 'an ordinary user';
      this.#print([`kernel ${visible(event.kernel.release)} (${visible(event.kernel.id)}), as ${rights}`]);
      this.#print(
        event.missing.map(
          ({ what, why, hint }) => `without ${visible(what)}: ${visible(why)}${hint ? `; ${visible(hint)}` : ''}`,
        ),
      );
    } else if (event.type === 'calibrated' && event.noise.length > 0) {
      this.#print([`noise: counters move though nothing happens: ${event.noise.map(visible).join(', ')}`]);
    } else if (event.type === 'record') {
      this.#finished(event.record, event.value);
    }
  }

  /** One line for a scenario once all its records are there; a record that did not pass has a line of its own. */
  #finished(index: number, record: ScenarioRecord): void {
    const { id } = record.scenario;
    const records = this.#records.get(id) ?? [];
    this.#records.set(id, [...records, record]);
    if (record.reason.code === 'interrupted') this.#told.add(index);
    else if (record.verdict !== 'passed' && record.verdict !== 'skipped') {
      this.#told.add(index);
      this.#print([this.#line(record, this.#labels[index] ?? id)]);
    }
    const plans = this.#info?.plans.flatMap((plan, at) => (plan.id === id ? [at] : [])) ?? [index];
    if (records.length + 1 < plans.length) return;
    const all = [...records, record];
    const passed = all.filter(({ verdict }) => verdict === 'passed');
    for (const at of plans) this.#told.add(at);
    this.#print(skippedLines(all, plans.length).map((line) => this.#worded('skipped', line)));
    if (passed.length === 0) return;
    const longest = passed.reduce((a, b) => (b.seconds.lab > a.seconds.lab ? b : a));
    const many = plans.length === 1 ? '' : `  ${passed.length} of ${plans.length} records`;
    this.#print([this.#line(longest, `${id}${many}`)]);
  }

  end(run: Run): void {
    const untold = run.records.flatMap((record, index) =>
      this.#told.has(index) ? [] : [this.#line(record, this.#labels[index]!)],
    );
    const sections = [
      untold,
      ...brokenOf(run).map((each) => this.#broken(each)),
      ...this.#claims(run),
      this.#coverage(run),
      this.#findings(run),
      this.#ending(run),
    ];
    for (const lines of sections) {
      if (lines.length === 0) continue;
      if (lines !== untold) this.#print(['']);
      this.#print(lines);
    }
  }

  #line(record: ScenarioRecord, label: string): string {
    const took = record.verdict === 'skipped' ? '' : `  ${seconds(record.seconds.lab)}`;
    const why = whyNot(record);
    return this.#worded(record.verdict, `${visible(label)}${took}${why === '' ? '' : `  (${visible(why)})`}`);
  }

  #worded(verdict: Verdict, line: string): string {
    return `${verdictColour(this.#output.style, verdict)(WORDS[verdict].padEnd(5))}  ${line}`;
  }

  #broken({ what, label, lines, packets }: Broken): string[] {
    const { colour } = this.#output.style;
    const indent = 12;
    const field = (name: string, value: string) =>
      wrap(visible(value), Math.max(20, this.#output.columns - indent)).map(
        (line, index) => `  ${colour.dim((index === 0 ? name : '').padEnd(indent - 2))}${line}`,
      );
    const shown = packets.slice(0, MOST_PACKETS).map(visible);
    const hidden = packets.length - shown.length;
    return [
      `${colour.red(what)}  ${visible(label)}`,
      ...lines.flatMap(([name, value]) => field(name, value)),
      ...shown.map((line, index) => `  ${colour.dim((index === 0 ? 'packets' : '').padEnd(indent - 2))}${line}`),
      ...(hidden > 0 ? [`${' '.repeat(indent)}and ${plural(hidden, 'more packet')} in the pcapng file`] : []),
    ];
  }

  /** A few claims are told whole; of many only the counts, and those that are not as predicted. */
  #claims(run: Run): string[][] {
    const tables = claimTables(run);
    const few = tables.reduce((sum, { table }) => sum + table.rows.length, 0) <= FEW_CLAIMS;
    if (few) return tables.map((each) => claimsText(each, this.#output, this.#info?.articles));
    const surprising = tables
      .map((each) => surprisesOf(each))
      .filter(({ table }) => table.rows.length > 0)
      .map((each) => claimsText(each, this.#output, this.#info?.articles));
    const told = tables.map(({ article, counts: counted }) => `${article}: ${counted}`);
    return [...surprising, [...told, 'the table of all claims: tcplab claims --from last']];
  }

  #coverage(run: Run): string[] {
    const coverage = this.#info?.coverage?.(run);
    return coverage ? coverageText(coverage, this.#output.columns) : [];
  }

  #findings({ findings }: Run): string[] {
    return findings.map(({ kind, where, expected, measured }) => {
      const both = expected === null ? inline(measured) : `expected ${inline(expected)}, measured ${inline(measured)}`;
      return `finding  ${visible(kind)} at ${visible(where)}: ${visible(both)}`;
    });
  }

  #ending(run: Run): string[] {
    const { style } = this.#output;
    const total = counts(run.records);
    const named = Object.entries({ passed: 'passed', failed: 'failed', skipped: 'skipped', error: 'in error' }) as [
      Verdict,
      string,
    ][];
    const parts = named
      .filter(([verdict]) => total[verdict] > 0 || verdict === 'passed')
      .map(([verdict, word]) => verdictColour(style, verdict)(`${total[verdict]} ${word}`));
    return [
      `${plural(run.records.length, 'record')}: ${parts.join(', ')}${run.partial ? ' (partial: the run did not finish)' : ''}`,
      `results in ${this.#info?.folder ?? run.id}`,
    ];
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#output.write(`${spell(this.#output.style, line)}\n`);
  }
}

/** Why a record did not pass, in a line; what broke is told at length later. */
function whyNot({ verdict, reason, expectations }: ScenarioRecord): string {
  if (verdict === 'passed') return '';
  const broken = expectations.filter((expectation) => expectation.verdict === 'broken').length;
  return broken > 0 ? `${plural(broken, 'broken expectation')}, see below` : reason.text;
}

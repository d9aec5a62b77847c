import { sentenceOf } from '../evidence/netstat-sentences.ts';
import { socketTable } from '../evidence/sockets.ts';
import type { ObservationOfRecord, Run, ScenarioRecord } from '../results/record.ts';
import { counts } from '../results/summary.ts';
import { recordLabels } from './broken.ts';
import { claimTables } from './claims-table.ts';
import { coverageMarkdown } from './coverage-text.ts';
import { markdownBlock, markdownCode, markdownText } from './escape.ts';
import { inline, seconds } from './label.ts';
import { packetLine, sentOnly } from './packet-text.ts';
import type { ReporterKind, RunInfo } from './reporter.ts';
import { markdownTable } from './table.ts';

const MOST_PACKETS = 60;
const MOST_SOCKETS = 40;

/** A document for people: summary, claims, then every record with its evidence. */
export const markdownReporter: ReporterKind = {
  name: 'markdown',
  about: 'a document: summary, claims, and the evidence of every scenario',
  make(output) {
    let info: RunInfo | undefined;
    return {
      begin: (begun) => void (info = begun),
      event() {},
      end: (run) => output.write(`${markdown(run, info)}\n`),
    };
  },
};

function markdown(run: Run, info: RunInfo | undefined): string {
  const coverage = info?.coverage?.(run);
  const names = recordLabels(run.records);
  const sections = [
    summary(run),
    ...claimTables(run).map(({ article, counts: counted, table }) => [
      `## Claims of ${markdownText(info?.articles.get(article) ?? article)}`,
      '',
      counted,
      '',
      ...markdownTable(table),
    ]),
    ...(coverage ? [coverageMarkdown(coverage)] : []),
    ...(run.findings.length > 0 ? [findings(run)] : []),
    ...run.records.map((record, index) => section(record, names[index]!)),
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}

function summary(run: Run): string[] {
  const kernels = [
    ...new Set(
      run.records.map(({ on }) => `${on.kernel.release} (${on.kernel.id}, ${on.launcher}, ${on.clock} clock)`),
    ),
  ];
  const total = counts(run.records);
  return [
    `# tcplab: ${run.verdict}`,
    '',
    ...kernels.map((kernel) => `- kernel ${markdownText(kernel)}`),
    `- ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped, ${total.error} in error`,
    ...(run.partial ? ['- partial: the run did not finish'] : []),
    `- digest ${markdownCode(run.digest)}`,
  ];
}

function findings(run: Run): string[] {
  const rows = run.findings.map(({ kind, where, expected, measured }) => [
    kind,
    where,
    inline(expected),
    inline(measured),
  ]);
  return [
    '## Findings',
    '',
    ...markdownTable({ columns: ['kind', 'where', 'expected', 'measured'].map((title) => ({ title })), rows }),
  ];
}

function section(record: ScenarioRecord, label: string): string[] {
  const parts = [
    [`## ${record.verdict}: ${markdownText(label)}`, '', markdownText(record.scenario.title)],
    ...(record.reason.text ? [[markdownText(record.reason.text)]] : []),
    [`Lab time ${seconds(record.seconds.lab)}.`],
    ...(record.expectations.length > 0 ? [expectations(record)] : []),
    ...Object.entries(record.hosts).map(([name, host]) => hostPart(name, host)),
    ...Object.entries(record.observations).flatMap(([name, observation]) => socketParts(name, observation)),
    ...(record.packets.length > 0 ? [packets(record)] : []),
  ];
  return parts
    .map((lines) => lines.join('\n'))
    .join('\n\n')
    .split('\n');
}

const expectations = ({ expectations: all }: ScenarioRecord): string[] =>
  all.map(({ verdict, that, text }) => {
    const measured = verdict === 'skipped' ? '' : `: ${markdownCode(text)}`;
    return `- **${verdict}** ${markdownCode(that)}${measured}`;
  });

function hostPart(name: string, host: ScenarioRecord['hosts'][string]): string[] {
  const moved = Object.entries(host.counters.delta).filter(([, value]) => value !== 0);
  const settings = Object.entries(host.sysctl).map(([key, value]) => `${key}=${inline(value)}`);
  const columns = [{ title: 'counter' }, { title: 'change', right: true }, { title: 'as netstat -s says it' }];
  const rows = moved.map(([counter, value]) => [counter, String(value), sentenceOf(counter, value) ?? '']);
  return [
    `### ${markdownText(name)} (${markdownText(host.address)})`,
    ...(settings.length > 0 ? ['', `Set: ${settings.map(markdownCode).join(', ')}`] : []),
    '',
    ...(rows.length > 0 ? markdownTable({ columns, rows }) : ['No counter moved.']),
  ];
}

/** The socket tables of an observation, host by host, where there is a socket to show. */
function socketParts(name: string, { at, hosts }: ObservationOfRecord): string[][] {
  return Object.entries(hosts).flatMap(([host, { sockets }]) =>
    sockets.length === 0
      ? []
      : [
          [
            `Sockets of ${markdownText(host)} at ${markdownText(name)} (${seconds(at)}):`,
            '',
            ...markdownBlock(socketTable(sockets.slice(0, MOST_SOCKETS))),
          ],
        ],
  );
}

function packets({ packets: all, packetsTotal, pcapng }: ScenarioRecord): string[] {
  const sent = sentOnly(all);
  const shown = sent.slice(0, MOST_PACKETS);
  const where = pcapng ? ` (${packetsTotal} captured, in ${markdownCode(pcapng.file)})` : ` (${packetsTotal} captured)`;
  const some = shown.length < sent.length ? `The first ${shown.length} packets` : 'Packets';
  return [`${some}${where}:`, '', ...markdownBlock(shown.map(packetLine))];
}

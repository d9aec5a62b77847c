import type { Bench, Figure } from './bench.ts';
import { measure, passed, requestOf } from './launch.ts';

const SYNS = 200_000;
const MEMORY = 300;

const OURS = `
title: A flood at full speed
about: Every SYN that is sent is received and counted.
alone: true
hosts: { server: { sysctl: { net.ipv4.tcp_syncookies: 0 } }, attacker: {} }
steps:
  - listen: { on: server, port: 8888, backlog: 128, accept: none, as: web }
  - flood: { from: attacker, to: web, syns: ${SYNS}, as: flood }
  - observe: after
expect:
  - that: flood.sent == ${SYNS} && after.server.IpInReceives == flood.sent && after.server.TcpInSegs == flood.sent
  - that: after.server.TcpExtListenDrops == flood.sent - after.web.synQueue
`;

const THEIRS = `
title: A flood by hping3
about: The same number of SYNs by hping3 --flood --rand-source.
alone: true
hosts: { server: { sysctl: { net.ipv4.tcp_syncookies: 0 } }, attacker: {} }
steps:
  - listen: { on: server, port: 8888, backlog: 128, accept: none, as: web }
  - exec: { on: attacker, run: [hping3, -q, -S, -p, "8888", --flood, --rand-source, { address: server }], deadline: 2s, as: hping }
expect:
  - that: server.TcpInSegs > 0
`;

/** The raw SYN flood beside the tool that the article used. */
export const flood: Bench = {
  name: 'flood',
  about: `${SYNS} SYNs at full speed: sent == received == counted, beside hping3`,
  async run(): Promise<Figure[]> {
    const ours = await measure(requestOf('flood', OURS));
    passed(ours);
    const rate = outcome(ours.records[0]!.steps, 'flood', 'rate');
    const memory = Math.max(ours.engineMiB, process.resourceUsage().maxRSS / 1024);
    const figures: Figure[] = [
      { what: 'ours', value: rate / 1000, unit: 'k SYN/s' },
      {
        what: 'peak memory, engine or command',
        value: memory,
        unit: 'MiB',
        promise: { text: `under ${MEMORY} MiB`, kept: memory < MEMORY },
      },
    ];
    const theirs = await measure(requestOf('hping3', THEIRS));
    const [record] = theirs.records;
    if (record?.verdict !== 'passed')
      return [...figures, { what: `hping3: ${record?.reason.text ?? 'no record'}`, value: NaN, unit: '' }];
    const received = record.hosts['server']!.counters.delta['TcpInSegs'] ?? 0;
    const hping = received / outcome(record.steps, 'exec', 'took');
    const ratio = rate / hping;
    return [
      ...figures,
      { what: 'hping3 --flood --rand-source', value: hping / 1000, unit: 'k SYN/s' },
      { what: 'ours / hping3', value: ratio, unit: 'x', promise: { text: 'at least 1', kept: ratio >= 1 } },
    ];
  },
};

function outcome(
  steps: readonly { kind: string; outcome: Record<string, unknown> }[],
  kind: string,
  field: string,
): number {
  return Number(steps.find((step) => step.kind === kind)?.outcome[field]);
}

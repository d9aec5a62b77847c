import type { Bench, Figure } from './bench.ts';
import { measure, passed, requestOf } from './launch.ts';

const CONNECTIONS = 9000;

const SCENARIO = `
title: A crowd
about: Thousands of connections between two hosts, all established, counted and closed.
alone: true
hosts: { server: { sysctl: { net.core.somaxconn: 10000 } }, client: { sysctl: { net.ipv4.ip_local_port_range: "1024 65535" } } }
steps:
  - listen: { on: server, port: 80, backlog: 10000, as: web }
  - connect: { from: client, to: web, count: ${CONNECTIONS}, as: crowd }
  - until: { that: web.accepted == ${CONNECTIONS}, deadline: 30s }
  - observe: up
  - close: crowd
  - close: crowd@server
  - until: { that: server.TcpCurrEstab == 0 && client.TcpCurrEstab == 0, deadline: 30s }
expect:
  - that: crowd.connected == ${CONNECTIONS} && up.server.TcpCurrEstab == ${CONNECTIONS} && up.server.TcpPassiveOpens == ${CONNECTIONS}
  - that: server.TcpExtListenDrops == 0 && client.TcpRetransSegs == 0
  - that: client.TcpExtTW == ${CONNECTIONS}
`;

export const crowd: Bench = {
  name: 'crowd',
  about: `${CONNECTIONS} concurrent connections between two hosts`,
  async run(): Promise<Figure[]> {
    const measured = await measure(requestOf('crowd', SCENARIO));
    passed(measured);
    const took = Number(measured.records[0]!.steps.find(({ kind }) => kind === 'connect')?.outcome['took']);
    return [
      {
        what: 'established, counted and closed',
        value: CONNECTIONS,
        unit: 'connections',
        promise: { text: 'all', kept: true },
      },
      { what: 'rate of connecting', value: CONNECTIONS / took / 1000, unit: 'k/s' },
      { what: 'peak memory of the engine', value: measured.engineMiB, unit: 'MiB' },
    ];
  },
};

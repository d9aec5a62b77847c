import { type Bench, type Figure, median } from './bench.ts';
import { measure, passed, requestOf } from './launch.ts';

const BATCH = 50;
const ROUNDS = 5;
const PROMISE = 15;

const SCENARIO = `
title: Nothing much
about: Two hosts, a link, a listener, a connection, an echo, a close.
hosts: { server: {}, client: {} }
steps:
  - listen: { on: server, port: 7, backlog: 5, serve: echo, as: web }
  - connect: { from: client, to: web, as: c }
  - send: { by: c, data: hello }
  - receive: { by: c, data: hello, as: back }
  - close: c
  - until: c.state == "TIME-WAIT"
  - observe: after
expect:
  - that: c.connected == 1 && back.data == "hello" && server.TcpPassiveOpens == 1
`;

/** What one small lab costs, with full evidence and its pcapng. */
export const empty: Bench = {
  name: 'empty',
  about: `an empty two-host scenario, in batches of ${BATCH}`,
  async run(): Promise<Figure[]> {
    const request = requestOf('empty', SCENARIO, { repeat: BATCH, jobs: 16 });
    const each: number[] = [];
    for (let i = 0; i < ROUNDS; i += 1) {
      const measured = await measure(request);
      passed(measured);
      each.push((measured.seconds * 1000) / BATCH);
    }
    const value = median(each);
    return [
      {
        what: `one of ${BATCH}, median of ${ROUNDS} batches`,
        value,
        unit: 'ms',
        promise: { text: `at most ${PROMISE} ms`, kept: value <= PROMISE },
      },
      { what: 'best batch', value: Math.min(...each), unit: 'ms' },
    ];
  },
};

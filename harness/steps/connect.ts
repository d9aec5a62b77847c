import { z } from 'zod';
import { Connections } from '../host/connections.ts';
import { count, duration, host, makes, port, target } from '../scenario/fields.ts';
import { secondsOf } from '../scenario/duration.ts';
import { defineStep } from './step.ts';

export const CONNECTION = {
  type: 'Connection',
  fields: {
    connected: 'int',
    failed: 'int',
    error: 'string',
    code: 'string',
    errors: 'list<string>',
    took: 'double',
    port: 'int',
    ports: 'list<int>',
    state: 'string',
    states: 'list<string>',
    received: 'string',
    replies: 'list<string>',
    bytes: 'int',
    ended: 'bool',
    lost: 'string',
    losses: 'list<string>',
  },
} as const;

export const connect = defineStep({
  kind: 'connect',
  about: 'opens one or many connections, at once or paced, and waits until each is established or failed',
  schema: z.strictObject({
    from: host(),
    to: target(),
    count: count().default(1),
    every: duration().optional().describe('from the start of one connect to the start of the next; at once without it'),
    port: port().optional().describe('source port; with count: the first of them'),
    via: z.enum(['node', 'libc']).default('node'),
    deadline: duration().optional().describe('the application gives up: destroys the socket after this time'),
    read: z.boolean().default(true).describe('false: received bytes stay in the kernel until a receive step'),
    options: z
      .record(z.string(), z.number().int())
      .optional()
      .describe('socket options set before connect(), by their C names: TCP_SYNCNT, SO_KEEPALIVE ...'),
    as: makes(),
  }),
  outcome: CONNECTION,
  by: ({ via }) => via,
  explain: (a) => `${a.as}: ${a.count} x connect(${a.from} -> ${a.to})${a.via === 'libc' ? ' by libc' : ''}`,
  async run(args, { lab, publish, signal }) {
    const { host: to, port: remotePort } = lab.target(args.to);
    const connections = new Connections(lab, lab.host(args.from), { address: to.address, port: remotePort });
    publish(connections.outcome, connections);
    await connections.open(
      {
        count: args.count,
        every: args.every === undefined ? 0 : secondsOf(args.every)!,
        port: args.port,
        via: args.via,
        read: args.read,
        deadline: args.deadline === undefined ? undefined : secondsOf(args.deadline)!,
        options: args.options ?? {},
      },
      signal,
    );
  },
});

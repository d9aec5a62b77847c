import { z } from 'zod';
import { count, duration, host, makes, target } from '../scenario/fields.ts';
import { secondsOf } from '../scenario/duration.ts';
import { defineStep } from './step.ts';

export const request = defineStep({
  kind: 'request',
  about:
    "HTTP requests through Node's http client: over a pool of kept connections, or one connection each; retried or not",
  schema: z.strictObject({
    from: host(),
    to: target(),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']).default('GET'),
    path: z.string().startsWith('/').default('/'),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().optional(),
    connection: z.enum(['keep-alive', 'close']).default('keep-alive').describe('keep-alive shares one pool a host'),
    retry: z
      .enum(['never', 'replayable'])
      .default('never')
      .describe(
        "replayable: Go net/http's rule, once, on a reused connection: GET HEAD OPTIONS TRACE, or an Idempotency-Key",
      ),
    count: count().default(1).describe('so many, one after another'),
    deadline: duration().default('10s'),
    as: makes(),
  }),
  outcome: {
    type: 'Request',
    fields: {
      status: 'int',
      statuses: 'list<int>',
      body: 'string',
      error: 'string',
      code: 'string',
      attempts: 'int',
      reused: 'bool',
      connections: 'int',
      took: 'double',
    },
  },
  by: 'node',
  explain: (a) =>
    `${a.as}: ${a.count} x ${a.method} ${a.to}${a.path} from ${a.from} (${a.connection}, retry ${a.retry})`,
  async run(args, { lab, publish, signal }) {
    const client = lab.client(args.from);
    const to = lab.target(args.to);
    const outcome = client.begin();
    publish(outcome);
    const destination = { address: to.host.address, port: to.port };
    for (let i = 0; i < args.count && !signal.aborted; i += 1)
      await client.request({ ...args, ...destination, deadline: secondsOf(args.deadline)! }, outcome);
  },
});

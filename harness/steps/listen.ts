import { z } from 'zod';
import { Listener } from '../host/listener.ts';
import { duration, host, makes, named, port } from '../scenario/fields.ts';
import { defineStep } from './step.ts';

const backlog = z
  .number()
  .int()
  .min(-1)
  .max(2 ** 31 - 1)
  .describe('second argument of listen(2); -1 asks for somaxconn');
const accept = z
  .union([z.enum(['all', 'none']), z.number().int().min(1)])
  .describe('which connections a net.Server takes: all, none, or exactly N');
const serve = z
  .union([z.enum(['nothing', 'echo']), z.strictObject({ reply: z.string(), to: z.string().optional() })])
  .describe('what accepted connections get: nothing, their own bytes back, or a fixed reply to each message');

export const LISTENER = {
  type: 'Listener',
  fields: {
    port: 'int',
    queue: 'int',
    limit: 'int',
    synQueue: 'int',
    drops: 'int',
    accepted: 'int',
    error: 'string',
  },
} as const;

export const listen = defineStep({
  kind: 'listen',
  about: 'binds a listening socket with an exact backlog; a net.Server accepts all, none or N of its connections',
  schema: z.strictObject({
    on: host(),
    port: port(),
    backlog: backlog.default(511),
    accept: accept.default('all'),
    serve: serve.default('nothing'),
    read: z
      .boolean()
      .default(true)
      .describe('false: accepted connections are not read, their bytes stay in the kernel'),
    as: makes(),
  }),
  outcome: LISTENER,
  by: ({ accept }) => (accept === 'none' ? 'libc' : 'node'),
  explain: (a) => `${a.as}: listen(${a.on}:${a.port}, backlog ${a.backlog}), accept ${a.accept}`,
  async run(args, { lab, publish }) {
    const listener = Listener.open(lab.host(args.on), args);
    publish(listener.outcome, listener);
    if (args.accept !== 'none') await listener.resume(args.accept);
  },
});

export const relisten = defineStep({
  kind: 'relisten',
  about: 'calls listen() again on a listening socket, with another backlog',
  schema: z.strictObject({ listener: named('Listener'), backlog }),
  by: 'libc',
  explain: (a) => `listen() again on ${a.listener} with backlog ${a.backlog}`,
  async run(args, { lab }) {
    lab.handle(args.listener, Listener).relisten(args.backlog);
  },
});

export const pause = defineStep({
  kind: 'pause',
  about: 'stops accepting: closes the net.Server and keeps the listening descriptor',
  schema: z.strictObject({ listener: named('Listener') }),
  shorthand: 'listener',
  by: 'node',
  explain: (a) => `${a.listener} stops accepting`,
  async run(args, { lab }) {
    await lab.handle(args.listener, Listener).pause();
  },
});

export const resume = defineStep({
  kind: 'resume',
  about: 'accepts again: all, or exactly N connections, and waits until those N are accepted',
  schema: z.strictObject({
    listener: named('Listener'),
    accept: z.union([z.literal('all'), z.number().int().min(1)]).default('all'),
    deadline: duration().default('10s'),
  }),
  shorthand: 'listener',
  by: 'node',
  explain: (a) => `${a.listener} accepts ${a.accept}`,
  async run(args, { lab, signal }) {
    const listener = lab.handle(args.listener, Listener);
    const before = listener.accepted;
    await listener.resume(args.accept);
    const { accept } = args;
    if (accept !== 'all')
      await lab.until(
        () => listener.accepted >= before + accept,
        `${args.listener} to accept ${accept}`,
        args.deadline,
        signal,
      );
  },
});

import { z } from 'zod';
import { duration, end, makes } from '../scenario/fields.ts';
import { secondsOf } from '../scenario/duration.ts';
import { defineStep } from './step.ts';

const by = end().describe('the connection whose end acts: c, or c@server for the end that server accepted');

export const send = defineStep({
  kind: 'send',
  about: 'writes bytes on each connection of a name and waits until the kernel has taken them (or refused)',
  schema: z.strictObject({
    by,
    data: z.string().optional(),
    bytes: z
      .number()
      .int()
      .min(1)
      .max(64 * 2 ** 20)
      .optional()
      .describe('so many filler bytes instead of data'),
    as: makes().optional(),
  }),
  outcome: { type: 'Sent', fields: { sent: 'int', error: 'string', code: 'string', took: 'double' } },
  refine: (a) =>
    (a.data === undefined) === (a.bytes === undefined)
      ? { path: [], message: 'send needs either data or bytes' }
      : undefined,
  by: 'node',
  explain: (a) => `${a.by} sends ${a.data === undefined ? `${a.bytes} bytes` : JSON.stringify(a.data)}`,
  async run(args, { lab, publish }) {
    const outcome = { sent: 0, error: '', code: '', took: 0 };
    publish(outcome);
    const payload = args.data === undefined ? Buffer.alloc(args.bytes ?? 0, 'x') : Buffer.from(args.data, 'latin1');
    const start = lab.now();
    for (const result of await Promise.all(lab.ends(args.by).map((one) => one.send(payload)))) {
      outcome.sent += result.sent;
      if (outcome.error === '') Object.assign(outcome, { error: result.error, code: result.code });
    }
    outcome.took = lab.now() - start;
  },
});

export const receive = defineStep({
  kind: 'receive',
  about:
    'waits until each connection of a name has received the data, this many bytes, the end of the stream or an error',
  schema: z.strictObject({
    by,
    data: z.string().optional().describe('this text, at the end of what came since the last receive'),
    bytes: z.number().int().min(1).optional(),
    end: z.literal(true).optional().describe('end of file: the peer sent FIN'),
    error: z.literal(true).optional().describe('an error of the connection, such as ECONNRESET'),
    deadline: duration().default('5s').describe('then the step ends with timedOut'),
    as: makes().optional(),
  }),
  outcome: {
    type: 'Received',
    fields: { data: 'string', bytes: 'int', ended: 'bool', error: 'string', timedOut: 'bool', took: 'double' },
  },
  refine: (a) =>
    [a.data, a.bytes, a.end, a.error].filter((one) => one !== undefined).length === 1
      ? undefined
      : { path: [], message: 'receive waits for exactly one of data, bytes, end, error' },
  by: 'node',
  explain: (a) =>
    `${a.by} receives ${a.data ?? (a.bytes ? `${a.bytes} bytes` : a.end ? 'the end' : 'an error')} within ${a.deadline}`,
  async run(args, { lab, publish, signal }) {
    const outcome = { data: '', bytes: 0, ended: false, error: '', timedOut: false, took: 0 };
    publish(outcome);
    const ends = lab.ends(args.by);
    for (const one of ends) one.read();
    const start = lab.now();
    const done = () =>
      ends.every((one) => {
        if (one.lost !== '') return true;
        if (args.end) return one.ended;
        if (args.error) return false;
        return args.data === undefined ? one.fresh.length >= args.bytes! : one.fresh.endsWith(args.data);
      });
    outcome.timedOut = !(await lab.poll(done, secondsOf(args.deadline)!, signal));
    const [first] = ends;
    if (first)
      Object.assign(outcome, { data: first.fresh, bytes: first.fresh.length, ended: first.ended, error: first.lost });
    for (const one of ends) one.markRead();
    outcome.took = lab.now() - start;
  },
});

export const shutdown = defineStep({
  kind: 'shutdown',
  about: 'shutdown(2) of one end: write sends FIN and can still receive',
  schema: z.strictObject({ by, how: z.enum(['write', 'read', 'both']).default('write'), as: makes().optional() }),
  outcome: { type: 'Shut', fields: { error: 'string', took: 'double' } },
  shorthand: 'by',
  by: 'libc',
  explain: (a) => `${a.by}: shutdown(${a.how})`,
  async run(args, { lab, publish }) {
    const outcome = { error: '', took: 0 };
    publish(outcome);
    const start = lab.now();
    const errors = await Promise.all(lab.ends(args.by).map((one) => one.shutdown(args.how)));
    Object.assign(outcome, { error: errors.find((error) => error !== '') ?? '', took: lab.now() - start });
  },
});

export const close = defineStep({
  kind: 'close',
  about: 'close(2) of one end, with SO_LINGER set first when asked; waits until close() has returned',
  schema: z.strictObject({
    by,
    linger: z.number().int().min(0).max(32767).optional().describe('l_linger in seconds; 0 resets the connection'),
    as: makes().optional(),
  }),
  outcome: { type: 'Closed', fields: { error: 'string', took: 'double' } },
  shorthand: 'by',
  by: 'node',
  explain: (a) => `${a.by}: ${a.linger === undefined ? '' : `SO_LINGER {1, ${a.linger}}, `}close()`,
  async run(args, { lab, publish }) {
    const outcome = { error: '', took: 0 };
    publish(outcome);
    const results = await Promise.all(lab.ends(args.by).map((one) => one.close(args.linger)));
    Object.assign(outcome, {
      error: results.find((one) => one.error !== '')?.error ?? '',
      took: Math.max(0, ...results.map((one) => one.took)),
    });
  },
});

export const setsockopt = defineStep({
  kind: 'setsockopt',
  about: 'sets socket options by their C names on one end of a connection',
  schema: z.strictObject({ by, options: z.record(z.string(), z.number().int()) }),
  by: 'libc',
  explain: (a) =>
    `${a.by}: setsockopt ${Object.entries(a.options)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
  async run(args, { lab }) {
    for (const one of lab.ends(args.by)) one.setOptions(args.options);
  },
});

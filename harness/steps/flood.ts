import { z } from 'zod';
import { floodSyns } from '../host/flood.ts';
import { count, duration, host, makes, target } from '../scenario/fields.ts';
import { secondsOf } from '../scenario/duration.ts';
import { defineStep } from './step.ts';

/** Addresses of 198.18.0.0/15, the last few left out. */
const SOURCES = 131_000;

export const flood = defineStep({
  kind: 'flood',
  about: 'sends an exact number of raw SYNs from spoofed addresses of 198.18.0.0/15 that never answer',
  schema: z.strictObject({
    from: host(),
    to: target(),
    syns: count(),
    every: duration().optional().describe('pace; full speed without it'),
    sources: z
      .number()
      .int()
      .min(1)
      .max(SOURCES)
      .optional()
      .describe('distinct addresses; one for each SYN without it'),
    as: makes(),
  }),
  outcome: { type: 'Flood', fields: { sent: 'int', took: 'double', rate: 'double' } },
  by: 'libc',
  explain: (a) =>
    `${a.as}: ${a.syns} raw SYNs ${a.from} -> ${a.to}, ${a.every ? `one every ${a.every}` : 'at full speed'}`,
  async run(args, { lab, publish, signal }) {
    const outcome = { sent: 0, took: 0, rate: 0 };
    publish(outcome);
    const to = lab.target(args.to);
    const every = args.every === undefined ? 0 : secondsOf(args.every)!;
    await floodSyns(
      lab,
      { from: lab.host(args.from), to, syns: args.syns, every, sources: args.sources ?? SOURCES },
      outcome,
      signal,
    );
  },
});

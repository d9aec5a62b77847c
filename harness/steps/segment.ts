import { z } from 'zod';
import { buildSegment, withChecksum } from '../evidence/segment.ts';
import type { Packet } from '../evidence/model.ts';
import { isLabAddress } from '../scenario/addresses.ts';
import { cel, host, intOrCel, makes, port, target } from '../scenario/fields.ts';
import { defineStep, type StepContext } from './step.ts';

const FLAGS = /^\[(?:none|[FSRPUEW]*\.?[FSRPUEW]*)\]$/;

const schema = z.strictObject({
  from: host(),
  to: target().optional(),
  again: cel('Packet').optional().describe('sends the bytes of a captured packet again'),
  source: z
    .string()
    .refine(isLabAddress, 'not an address of the lab: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 or 198.18.0.0/15')
    .optional()
    .describe('another source address than the host has'),
  spoof: host().optional().describe("forged in another host's name: its address is the source"),
  sport: z.union([port(), intOrCel()]).optional(),
  flags: z
    .string()
    .regex(FLAGS, 'flags as tcpdump prints them: [S], [S.], [.], [P.], [F.], [R], [R.], [none]')
    .optional(),
  seq: intOrCel().default(0),
  ack: intOrCel().default(0),
  win: z.number().int().min(0).max(65535).default(64240),
  tsval: intOrCel().optional(),
  tsecr: intOrCel().optional(),
  ttl: z.number().int().min(1).max(255).default(64),
  data: z.string().default(''),
  as: makes().optional(),
});

export const segment = defineStep({
  kind: 'segment',
  about: 'sends one raw TCP segment: any flags, numbers and source, or a captured one again',
  schema,
  outcome: { type: 'Segment', fields: { sport: 'int', seq: 'int', ack: 'int', error: 'string' } },
  refine: (a) => {
    if (a.spoof !== undefined && a.source !== undefined)
      return { path: ['source'], message: 'segment takes spoof or source, not both' };
    return a.again === undefined && (a.to === undefined || a.flags === undefined || a.sport === undefined)
      ? { path: [], message: 'segment needs to, sport and flags, or again' }
      : undefined;
  },
  by: 'libc',
  explain: (a) =>
    a.again ? `${a.from} sends again: ${a.again}` : `${a.from} -> ${a.to}: ${a.flags} seq ${a.seq} ack ${a.ack}`,
  async run(args, context) {
    const { lab, publish } = context;
    const from = lab.host(args.from);
    if (args.again !== undefined) {
      const packet = context.evaluate(args.again) as Packet;
      const { bytes, destination } = lab.bytesOf(packet);
      publish({
        sport: packet.sport,
        seq: packet.seq,
        ack: packet.ack,
        error: from.raw.send(withChecksum(bytes), destination),
      });
      return;
    }
    const number = (value: number | string | undefined) => intOf(value, context);
    const to = lab.target(args.to!);
    if (args.source !== undefined) to.host.routeSpoofed(from);
    const [sport, seq, ack] = [number(args.sport)!, number(args.seq)! >>> 0, number(args.ack)! >>> 0];
    const [tsval, tsecr] = [number(args.tsval), number(args.tsecr)];
    const bytes = buildSegment({
      source: args.spoof === undefined ? (args.source ?? from.address) : lab.host(args.spoof).address,
      destination: to.host.address,
      sport,
      dport: to.port,
      flags: args.flags!,
      seq,
      ack,
      win: args.win,
      ttl: args.ttl,
      ...(tsval !== undefined && { tsval, tsecr: tsecr ?? 0 }),
      payload: Buffer.from(args.data, 'latin1'),
    });
    publish({ sport, seq, ack, error: from.raw.send(bytes, to.host.address) });
  },
});

/** Value of an integer field that may be a CEL expression. */
function intOf(value: number | string | undefined, context: StepContext): number | undefined {
  return typeof value === 'string' ? Number(context.evaluate(value)) : value;
}

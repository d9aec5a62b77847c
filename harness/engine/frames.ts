import type { Plan } from '../scenario/model.ts';

/** Frames that pass while nobody empties the ring, at the least. */
const BASE = 2048;
/** A program may do anything. */
const WITH_PROGRAM = 16384;
/** Segments of one short connection, in both directions, with room for retransmissions. */
const PER_CONNECTION = 16;
/** Payload of a full segment with timestamps on an Ethernet link, bytes; each may get an ACK. */
const SEGMENT = 1448;

/** Size of a host's capture ring, in frames: floods empty it as they go, crowds of connections do not. */
export function framesFor(plan: Plan): number {
  const connections = plan.steps
    .filter(({ kind }) => kind === 'connect' || kind === 'request')
    .reduce((sum, { args, repeat }) => sum + Number(args['count'] ?? 1) * repeat, 0);
  const bytes = plan.steps
    .filter(({ kind }) => kind === 'send')
    .reduce((sum, { args, repeat }) => sum + Number(args['bytes'] ?? 0) * repeat, 0);
  const base = plan.steps.some(({ kind }) => kind === 'exec') ? WITH_PROGRAM : BASE;
  return base + PER_CONNECTION * connections + 2 * Math.ceil(bytes / SEGMENT);
}

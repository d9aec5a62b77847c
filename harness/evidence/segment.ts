import { ipv4Number } from './address.ts';
import { checksumOf, sumOf } from './checksum.ts';
import { flagsOf } from './flags.ts';
import { KIND } from './tcp-options.ts';

/** A TCP segment over IPv4. Numbers as on the wire: ports, `win` 0..65535, `seq`, `ack`, `tsval`, `tsecr` 0..2^32-1. */
export interface SegmentFields {
  source: string;
  destination: string;
  sport: number;
  dport: number;
  /** `[S.]` or `S.`, as tcpdump prints them. */
  flags: string;
  seq: number;
  ack?: number;
  win?: number;
  ttl?: number;
  mss?: number;
  wscale?: number;
  sackPermitted?: boolean;
  /** Both or none of the timestamps are sent; tsecr is 0 when only tsval is given. */
  tsval?: number;
  tsecr?: number;
  /** Text is latin1. */
  payload?: string | Uint8Array;
  /** 0 (the default): a raw socket with IP_HDRINCL lets the kernel choose (raw(7)). */
  ipId?: number;
}

const IP_HEADER = 20;
const TCP_HEADER = 20;
const PROTOCOL_TCP = 6;

/** In Linux's order (tcp_options_write), padded with no-operations to words of 4 bytes. */
function optionBytes({ mss, wscale, sackPermitted, tsval, tsecr }: SegmentFields): number[] {
  const bytes: number[] = [];
  if (mss !== undefined) bytes.push(KIND.mss, 4, mss >> 8, mss & 0xff);
  if (sackPermitted === true) bytes.push(KIND.sackPermitted, 2);
  if (tsval !== undefined || tsecr !== undefined) {
    const words = Buffer.alloc(8);
    words.writeUInt32BE(tsval ?? 0, 0);
    words.writeUInt32BE(tsecr ?? 0, 4);
    bytes.push(KIND.timestamps, 10, ...words);
  }
  if (wscale !== undefined) bytes.push(KIND.windowScale, 3, wscale);
  while (bytes.length % 4 !== 0) bytes.push(KIND.noOperation);
  return bytes;
}

/** Words of the pseudo header but for the addresses (RFC 9293 3.1). */
const pseudoSum = (bytes: Buffer): number => PROTOCOL_TCP + bytes.length - IP_HEADER;

/** An IPv4 packet with right checksums. Throws RangeError for an address, flags or number that does not fit. */
export function buildSegment(fields: SegmentFields): Buffer {
  const options = optionBytes(fields);
  const payload = typeof fields.payload === 'string' ? Buffer.from(fields.payload, 'latin1') : fields.payload;
  const data = IP_HEADER + TCP_HEADER + options.length;
  const bytes = Buffer.alloc(data + (payload?.length ?? 0));
  bytes.writeUInt8(0x45, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt16BE(fields.ipId ?? 0, 4);
  bytes.writeUInt8(fields.ttl ?? 64, 8);
  bytes.writeUInt8(PROTOCOL_TCP, 9);
  bytes.writeUInt32BE(ipv4Number(fields.source), 12);
  bytes.writeUInt32BE(ipv4Number(fields.destination), 16);
  bytes.writeUInt16BE(fields.sport, 20);
  bytes.writeUInt16BE(fields.dport, 22);
  bytes.writeUInt32BE(fields.seq, 24);
  bytes.writeUInt32BE(fields.ack ?? 0, 28);
  bytes.writeUInt8(((TCP_HEADER + options.length) / 4) << 4, 32);
  bytes.writeUInt8(flagsOf(fields.flags), 33);
  bytes.writeUInt16BE(fields.win ?? 64240, 34);
  bytes.set(options, IP_HEADER + TCP_HEADER);
  if (payload !== undefined) bytes.set(payload, data);
  bytes.writeUInt16BE(checksumOf(sumOf(bytes, 0, IP_HEADER)), 10);
  bytes.writeUInt16BE(checksumOf(sumOf(bytes, 12, bytes.length) + pseudoSum(bytes)), 36);
  return bytes;
}

/** A copy with a right TCP checksum: on veth a captured one has only the pseudo header's (CHECKSUM_PARTIAL). */
export function withChecksum(packet: Buffer): Buffer {
  const bytes = Buffer.from(packet);
  const header = (bytes.readUInt8(0) & 0x0f) * 4;
  bytes.writeUInt16BE(0, header + 16);
  const pseudo = sumOf(bytes, 12, 20) + PROTOCOL_TCP + bytes.length - header;
  bytes.writeUInt16BE(checksumOf(pseudo + sumOf(bytes, header, bytes.length)), header + 16);
  return bytes;
}

/** A segment of which floods send many, with the sums of all its words that stay. */
export interface SynTemplate {
  readonly bytes: Buffer;
  readonly ipSum: number;
  readonly tcpSum: number;
}

/** For patchSyn(); takes what buildSegment() takes. The flags are `[S]`, and the patched fields 0, unless given. */
export function synTemplate(
  fields: Partial<SegmentFields> & Pick<SegmentFields, 'destination' | 'dport'>,
): SynTemplate {
  const bytes = buildSegment({ flags: '[S]', ...fields, source: '0.0.0.0', sport: 0, seq: 0 });
  bytes.fill(0, 10, 12).fill(0, 36, 38);
  return { bytes, ipSum: sumOf(bytes, 0, IP_HEADER), tcpSum: sumOf(bytes, 12, bytes.length) + pseudoSum(bytes) };
}

function put16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/**
 * Writes the template with its own source (an address as a number, 0..2^32-1), port and sequence number to the front of
 * `target` and returns its length in bytes. Only the changed words are added to the checksums.
 */
export function patchSyn(
  target: Uint8Array,
  template: SynTemplate,
  source: number,
  sport: number,
  seq: number,
): number {
  const sourceSum = (source >>> 16) + (source & 0xffff);
  target.set(template.bytes);
  put16(target, 10, checksumOf(template.ipSum + sourceSum));
  put16(target, 12, source >>> 16);
  put16(target, 14, source);
  put16(target, 20, sport);
  put16(target, 24, seq >>> 16);
  put16(target, 26, seq);
  put16(target, 36, checksumOf(template.tcpSum + sourceSum + sport + (seq >>> 16) + (seq & 0xffff)));
  return template.bytes.length;
}

import { ipv4At, ipv6At } from './address.ts';
import { flagsText } from './flags.ts';
import type { Packet } from './model.ts';
import { readOptions } from './tcp-options.ts';

/** One decoded TCP segment or ICMP error; the fields are those of Packet. */
export interface DecodedSegment extends Omit<Packet, 'at' | 'host' | 'out' | 'from' | 'to'> {
  /** Address in text: dotted, or the short form of RFC 5952. */
  source: string;
  destination: string;
}

/** What lies behind an IP header. */
interface Carried {
  source: string;
  destination: string;
  ttl: number;
  protocol: number;
  /** Where the carried header starts, and where by the IP header's length the packet ends. */
  offset: number;
  end: number;
}

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;
/** Extension headers that are `next header, length in 8 bytes less 8` (RFC 8200 4): hop by hop, routing, destination. */
const EXTENSIONS = new Set([0, 43, 60]);
const TCP_HEADER = 20;
const ICMP_HEADER = 8;

/** RFC 792: these types quote the packet that caused them. */
const ICMP_ERRORS = new Set([3, 4, 5, 11, 12]);
/** RFC 4443 2.1: error messages have types below 128. */
const isError = (protocol: number, type: number): boolean => (protocol === ICMP ? ICMP_ERRORS.has(type) : type < 128);

/** A length of 0 is a packet beyond 65535 bytes (GSO with BIG TCP): then the wire length tells. */
function ipv4(bytes: Buffer, start: number, wireEnd: number): Carried | undefined {
  if (bytes.length < start + 20) return undefined;
  const isLaterFragment = (bytes.readUInt16BE(start + 6) & 0x1fff) !== 0;
  if (isLaterFragment) return undefined;
  const length = bytes.readUInt16BE(start + 2);
  return {
    source: ipv4At(bytes, start + 12),
    destination: ipv4At(bytes, start + 16),
    ttl: bytes.readUInt8(start + 8),
    protocol: bytes.readUInt8(start + 9),
    offset: start + (bytes.readUInt8(start) & 0x0f) * 4,
    end: length === 0 ? wireEnd : start + length,
  };
}

function ipv6(bytes: Buffer, start: number, wireEnd: number): Carried | undefined {
  if (bytes.length < start + 40) return undefined;
  const length = bytes.readUInt16BE(start + 4);
  let protocol = bytes.readUInt8(start + 6);
  let offset = start + 40;
  while (EXTENSIONS.has(protocol) && bytes.length >= offset + 8) {
    protocol = bytes.readUInt8(offset);
    offset += 8 + bytes.readUInt8(offset + 1) * 8;
  }
  return {
    source: ipv6At(bytes, start + 8),
    destination: ipv6At(bytes, start + 24),
    ttl: bytes.readUInt8(start + 7),
    protocol,
    offset,
    end: length === 0 ? wireEnd : start + 40 + length,
  };
}

function carriedIn(bytes: Buffer, start: number, wireEnd: number): Carried | undefined {
  const version = (bytes[start] ?? 0) >> 4;
  if (version === 4) return ipv4(bytes, start, wireEnd);
  return version === 6 ? ipv6(bytes, start, wireEnd) : undefined;
}

function tcpSegment(bytes: Buffer, { source, destination, ttl, offset, end }: Carried): DecodedSegment | undefined {
  if (bytes.length < offset + TCP_HEADER) return undefined;
  const data = offset + (bytes.readUInt8(offset + 12) >> 4) * 4;
  return {
    source,
    destination,
    sport: bytes.readUInt16BE(offset),
    dport: bytes.readUInt16BE(offset + 2),
    flags: flagsText(bytes.readUInt8(offset + 13)),
    seq: bytes.readUInt32BE(offset + 4),
    ack: bytes.readUInt32BE(offset + 8),
    length: Math.max(0, end - data),
    win: bytes.readUInt16BE(offset + 14),
    ttl,
    ...readOptions(bytes, offset + TCP_HEADER, Math.min(data, bytes.length)),
    payload: bytes.toString('latin1', data, Math.max(data, end)),
  };
}

function icmpError(
  bytes: Buffer,
  { source, destination, ttl, protocol, offset, end }: Carried,
): DecodedSegment | undefined {
  if (bytes.length < offset + ICMP_HEADER) return undefined;
  const type = bytes.readUInt8(offset);
  if (!isError(protocol, type)) return undefined;
  const quoted = carriedIn(bytes, offset + ICMP_HEADER, end);
  const has = quoted !== undefined && quoted.protocol === TCP && bytes.length >= quoted.offset + 8;
  return {
    source,
    destination,
    sport: has ? bytes.readUInt16BE(quoted.offset) : 0,
    dport: has ? bytes.readUInt16BE(quoted.offset + 2) : 0,
    flags: `[icmp ${type}/${bytes.readUInt8(offset + 1)}]`,
    seq: has ? bytes.readUInt32BE(quoted.offset + 4) : 0,
    ack: 0,
    length: 0,
    win: 0,
    ttl,
    ...readOptions(bytes, 0, 0),
    payload: '',
  };
}

/**
 * Decodes a packet that starts at its IP header and may be cut; `wireLength` is its length in bytes before the cut.
 * TCP (RFC 9293 3.1): `length` is the payload by the IP header's length, `win` is not scaled, as tcpdump prints it.
 * An ICMP error has flags `[icmp type/code]`, ports and seq of the TCP header that it quotes (0 when it quotes none).
 * Undefined for all else: other protocols, ICMP that is no error (echo, neighbour discovery), later fragments, cut headers.
 */
export function decodeFrame(bytes: Buffer, wireLength: number): DecodedSegment | undefined {
  const carried = carriedIn(bytes, 0, wireLength);
  if (carried === undefined) return undefined;
  if (carried.protocol === TCP) return tcpSegment(bytes, carried);
  return carried.protocol === ICMP || carried.protocol === ICMPV6 ? icmpError(bytes, carried) : undefined;
}

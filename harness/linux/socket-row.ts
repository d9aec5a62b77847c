import type { SocketRow } from '../evidence/model.ts';
import { formatIpv4 } from './address.ts';
import { findAttribute } from './netlink.ts';
import { tcpStateName } from './tcp-states.ts';

const AF_INET6 = 10;
const INET_DIAG_MSG = 72;
const INET_DIAG_SKMEMINFO = 7;
const SK_MEMINFO_DROPS = 8;
const TIMERS = ['off', 'on', 'keepalive', 'timewait', 'persist'];

/** A `struct inet_diag_msg` with its attributes. */
export function readSocketRow(payload: Buffer): SocketRow {
  const family = payload.readUInt8(0);
  const timer = payload.readUInt8(2);
  const memory = findAttribute(payload, INET_DIAG_MSG, INET_DIAG_SKMEMINFO);
  return {
    state: tcpStateName(payload.readUInt8(1)),
    localAddress: address(family, payload, 8),
    localPort: payload.readUInt16BE(4),
    remoteAddress: address(family, payload, 24),
    remotePort: payload.readUInt16BE(6),
    recvQ: payload.readUInt32LE(56),
    sendQ: payload.readUInt32LE(60),
    inode: payload.readUInt32LE(68),
    timer: TIMERS[timer] ?? `timer ${timer}`,
    timerLeft: payload.readUInt32LE(52) / 1000,
    retransmits: payload.readUInt8(3),
    drops: memory && memory.length >= 4 * (SK_MEMINFO_DROPS + 1) ? memory.readUInt32LE(4 * SK_MEMINFO_DROPS) : -1,
  };
}

function address(family: number, bytes: Buffer, at: number): string {
  return family === AF_INET6 ? formatIpv6(bytes, at) : formatIpv4(bytes, at);
}

function formatIpv6(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, place) => bytes.readUInt16BE(at + 2 * place).toString(16));
  const plain = groups.join(':');
  // The longest run of zero groups becomes `::`, RFC 5952 section 4.2.
  const runs = [...plain.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (!run) return plain;
  const before = plain.slice(0, run.index);
  const after = plain.slice(run.index + run[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

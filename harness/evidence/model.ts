/** Counter name as `nstat` prints it (`TcpExtListenDrops`) to its value; a counter that the kernel lacks has no key. */
export type Counters = Readonly<Record<string, number>>;

/** One row of the socket table, as `ss -tanoem` shows it. */
export interface SocketRow {
  /** As `ss` prints it: LISTEN, SYN-SENT, SYN-RECV, ESTAB, FIN-WAIT-1, ..., TIME-WAIT. */
  state: string;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  /** LISTEN: connections that wait for accept(). Else: bytes received and not read. */
  recvQ: number;
  /** LISTEN: the limit min(backlog, somaxconn). Else: bytes not acknowledged. */
  sendQ: number;
  /** 0: no process holds this socket (a request, an un-accepted connection, an orphan, TIME-WAIT). */
  inode: number;
  /** inet_diag idiag_timer: off, on, keepalive, timewait, persist. */
  timer: string;
  /** Seconds until the timer fires. */
  timerLeft: number;
  retransmits: number;
  /** sk_drops of the socket, from INET_DIAG_SKMEMINFO; -1 where the kernel does not tell. */
  drops: number;
}

/** One TCP segment (or ICMP error) as a host captured it. */
export interface Packet {
  /** Seconds since the lab was up. */
  at: number;
  /** The host that captured it. */
  host: string;
  /** True when that host sent it. */
  out: boolean;
  /** `client:40000`: the host's name where the address is one of the lab's, else the address. */
  from: string;
  to: string;
  sport: number;
  dport: number;
  /** As tcpdump prints them: `[S]`, `[S.]`, `[.]`, `[P.]`, `[F.]`, `[R]`, `[R.]`, `[none]`; `[icmp 3/1]` for ICMP type 3 code 1. */
  flags: string;
  /** Absolute sequence numbers, 0..2^32-1. */
  seq: number;
  ack: number;
  /** Payload bytes. */
  length: number;
  win: number;
  ttl: number;
  /** Timestamp option; -1 when absent. */
  tsval: number;
  tsecr: number;
  /** Options of SYN segments: window scale shift and MSS, -1 when absent; SACK permitted. */
  wscale: number;
  mss: number;
  sackPermitted: boolean;
  /** The payload as latin1 text, at most the captured part. */
  payload: string;
}

export type SysctlValue = number | string;

/** What one host shows at one moment. Counters are the change since the lab was up. May be computed on access. */
export interface HostEvidence {
  readonly counters: Counters;
  readonly sockets: readonly SocketRow[];
  readonly packets: readonly Packet[];
  /** Full sysctl name to value; `absent` where this kernel has none of that name. */
  readonly sysctl: Readonly<Record<string, SysctlValue>>;
}

/** The value that a step's name holds: flat fields, in the types that the step kind declares. May be computed on access. */
export type Outcome = Readonly<Record<string, FieldValue>>;
export type FieldValue = number | string | boolean | readonly FieldValue[] | { readonly [key: string]: FieldValue };

/** Everything that an expression can see at one moment. */
export interface Moment {
  /** Seconds since the lab was up. */
  readonly at: number;
  readonly hosts: Readonly<Record<string, HostEvidence>>;
  /** Outcomes of the named steps so far; listeners and connections are live values. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** A moment, with the observations taken before it and the params of the record. */
export interface Scope extends Moment {
  readonly params: Readonly<Record<string, FieldValue>>;
  readonly observations: Readonly<Record<string, Moment>>;
  /** CONFIG_HZ of the kernel under test: `fires()` needs the granules of its timer wheel. */
  readonly hz: number;
}

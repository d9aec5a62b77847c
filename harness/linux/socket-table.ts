import type { SocketRow } from '../evidence/model.ts';
import { ipv4, type SocketAddress } from './address.ts';
import { SyscallError } from './errno.ts';
import type { Fd } from './libc.ts';
import type { Request } from './netlink.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { readSocketRow } from './socket-row.ts';

const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const SKMEMINFO = 1 << 6; // 1 << (INET_DIAG_SKMEMINFO - 1)
const ALL_STATES = 0xfff;
const SYN_RECV = 1 << 3;
const REQUEST = 56;
const ANY_COOKIE = 0xffffffff;

/** The TCP sockets of one namespace by inet_diag, sock_diag(7); never /proc/net/tcp, which takes 3 ms even when empty. */
export class SocketTable {
  readonly #socket: NetlinkSocket;

  constructor(ns: Fd) {
    this.#socket = new NetlinkSocket(ns, NETLINK_SOCK_DIAG);
  }

  /** All states, IPv4 and then, if asked, IPv6: either walks the whole hash of the machine. */
  dump(ipv6: boolean): SocketRow[] {
    const rows: SocketRow[] = [];
    for (const family of ipv6 ? [AF_INET, AF_INET6] : [AF_INET]) {
      try {
        this.#socket.dump(request({ family, states: ALL_STATES }), (payload) => rows.push(readSocketRow(payload)));
      } catch (error) {
        // A kernel without IPv6 has no handler for it.
        if (family === AF_INET || !(error instanceof SyscallError && error.errno === 'ENOENT')) throw error;
      }
    }
    return rows;
  }

  /** The listener that a SYN to this address and port would find. */
  listener(address: string, port: number): SocketRow | undefined {
    const reply = this.#socket.get(request({ family: AF_INET, states: ALL_STATES, address, port }));
    const row = reply && readSocketRow(reply);
    return row?.state === 'LISTEN' ? row : undefined;
  }

  /** The socket of one connection, in any state; undefined when none is left. An exact lookup, where a dump walks the whole hash. */
  connection(local: SocketAddress, remote: SocketAddress): SocketRow | undefined {
    const { address, port } = local;
    const reply = this.#socket.get(request({ family: AF_INET, states: ALL_STATES, address, port, remote }));
    const row = reply && readSocketRow(reply);
    // The lookup of a segment falls back to the listener, and so does this one.
    return row?.remotePort === remote.port ? row : undefined;
  }

  /** Half-open connections of a local port: the requests of its SYN queue. */
  synRecv(port: number): number {
    let count = 0;
    this.#socket.dump(request({ family: AF_INET, states: SYN_RECV, port }), () => (count += 1));
    return count;
  }

  close(): void {
    this.#socket.close();
  }
}

interface Query {
  family: number;
  /** Bits 1 << state. */
  states: number;
  address?: string;
  /** Local; the kernel itself filters by it. */
  port?: number;
  remote?: SocketAddress;
}

// struct inet_diag_req_v2.
function request({ family, states, address, port = 0, remote }: Query): Request {
  const body = Buffer.alloc(REQUEST);
  body.writeUInt8(family, 0);
  body.writeUInt8(IPPROTO_TCP, 1);
  body.writeUInt8(SKMEMINFO, 2);
  body.writeUInt32LE(states, 4);
  body.writeUInt16BE(port, 8);
  if (address !== undefined) ipv4(address).copy(body, 12);
  if (remote !== undefined) {
    body.writeUInt16BE(remote.port, 10);
    ipv4(remote.address).copy(body, 28);
  }
  body.writeUInt32LE(ANY_COOKIE, 48);
  body.writeUInt32LE(ANY_COOKIE, 52);
  return { type: SOCK_DIAG_BY_FAMILY, flags: 0, body, about: 'inet_diag' };
}

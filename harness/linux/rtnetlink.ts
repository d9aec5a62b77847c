import type { Fd } from './libc.ts';
import { readLinkStats } from './link-stats.ts';
import type { LinkStats } from './link-stats.ts';
import { homeNamespace } from './namespaces.ts';
import { attribute, findAttribute, text } from './netlink.ts';
import type { Request } from './netlink.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import {
  IFINFOMSG,
  ifinfomsg,
  IFLA,
  linkUp,
  newAddress,
  newNeighbour,
  newRoute,
  newVeth,
  RTM,
} from './rtnetlink-messages.ts';
import type { LinkConfiguration, Route, VethEnd } from './rtnetlink-messages.ts';

export type { LinkStats } from './link-stats.ts';
export type { LinkConfiguration, Route, VethEnd } from './rtnetlink-messages.ts';

const IF_OPER_UP = 6;
const LOOPBACK_INDEX = 1;

export interface NetworkConfiguration {
  loopback?: boolean;
  links?: readonly LinkConfiguration[];
  routes?: readonly Route[];
}

let homeSocket: NetlinkSocket | undefined;

/** Both ends of a veth, each born in its own namespace, by one RTM_NEWLINK from home. Both are still down. */
export function makeVeth(a: VethEnd, b: VethEnd): void {
  homeSocket ??= new NetlinkSocket(homeNamespace(), 0);
  homeSocket.run([newVeth(a, b)]);
}

/** Links, addresses, neighbours and routes of one namespace. */
export class Rtnetlink {
  readonly #socket: NetlinkSocket;
  readonly #indexes = new Map<string, number>([['lo', LOOPBACK_INDEX]]);

  constructor(ns: Fd) {
    this.#socket = new NetlinkSocket(ns, 0);
  }

  /** Everything in one datagram; throws SyscallError with the part that was refused. */
  configure({ loopback = false, links = [], routes = [] }: NetworkConfiguration): void {
    const requests: Request[] = [];
    if (loopback) requests.push(linkUp('lo', LOOPBACK_INDEX));
    for (const link of links) {
      const index = this.index(link.name);
      requests.push(newAddress(link, index), linkUp(link.name, index));
      for (const neighbour of link.neighbours ?? []) requests.push(newNeighbour(neighbour, index));
    }
    for (const route of routes) requests.push(newRoute(route, this.index(route.dev)));
    if (requests.length > 0) this.#socket.run(requests);
  }

  addRoute(route: Route): void {
    this.#socket.run([newRoute(route, this.index(route.dev))]);
  }

  /** Until IFLA_OPERSTATE is UP: before that the qdisc is noop and drops silently. Throws after `seconds`. */
  waitUp(name: string, seconds = 5): void {
    const deadline = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9));
    for (let turn = 0; ; turn += 1) {
      const state = findAttribute(this.#link(name), IFINFOMSG, IFLA.OPERSTATE)?.readUInt8(0);
      if (state === IF_OPER_UP) return;
      if (process.hrtime.bigint() > deadline) {
        throw new Error(
          `link ${name} did not come up within ${seconds} s: operstate ${state ?? 'unknown'}, wanted 6 (UP)`,
        );
      }
      // Older kernels activate the link on a kernel worker (linkwatch), which needs this processor.
      if (turn > 10) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2);
    }
  }

  linkStats(name: string): LinkStats {
    const stats = findAttribute(this.#link(name), IFINFOMSG, IFLA.STATS64);
    if (!stats) throw new Error(`link ${name} has no statistics`);
    return readLinkStats(stats);
  }

  index(name: string): number {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = this.#link(name).readInt32LE(4);
      this.#indexes.set(name, index);
    }
    return index;
  }

  close(): void {
    this.#socket.close();
  }

  #link(name: string): Buffer {
    const request = {
      type: RTM.GETLINK,
      flags: 0,
      body: ifinfomsg(0),
      attributes: [attribute(IFLA.IFNAME, text(name))],
    };
    const reply = this.#socket.get({ ...request, about: `link ${name}` });
    if (!reply) throw new Error(`there is no link ${name} in this namespace`);
    return reply;
  }
}

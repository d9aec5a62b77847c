import { ipv4, macBytes } from './address.ts';
import type { Fd } from './libc.ts';
import { homeNamespace } from './namespaces.ts';
import { attribute, findAttribute, nested, NLM_F, text, u32 } from './netlink.ts';
import type { Request } from './netlink.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { readLinkStats } from './link-stats.ts';
import type { LinkStats } from './link-stats.ts';

export type { LinkStats } from './link-stats.ts';

const RTM = { NEWLINK: 16, GETLINK: 18, NEWADDR: 20, NEWROUTE: 24, NEWNEIGH: 28 } as const;
const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  OPERSTATE: 16,
  LINKINFO: 18,
  STATS64: 23,
  NET_NS_FD: 28,
  TX_QUEUES: 31,
  RX_QUEUES: 32,
};
const IF_OPER_UP = 6;
const AF_INET = 2;
const IFINFOMSG = 16;
const LOOPBACK_INDEX = 1;

export interface VethEnd {
  ns: Fd;
  name: string;
  mac: string;
}

export interface LinkConfiguration {
  name: string;
  /** `192.0.2.1/32` */
  address: string;
  /** Permanent, so that ARP never runs. */
  neighbours?: readonly { address: string; mac: string }[];
}

export interface Route {
  destination: string;
  prefix: number;
  via?: string;
  dev: string;
  source?: string;
}

export interface NetworkConfiguration {
  loopback?: boolean;
  links?: readonly LinkConfiguration[];
  routes?: readonly Route[];
}

let homeSocket: NetlinkSocket | undefined;

/** Both ends of a veth, each born in its own namespace, by one RTM_NEWLINK from home. Both are still down. */
export function makeVeth(a: VethEnd, b: VethEnd): void {
  homeSocket ??= new NetlinkSocket(homeNamespace(), 0);
  const end = ({ ns, name, mac }: VethEnd): Buffer[] => [
    attribute(IFLA.IFNAME, text(name)),
    attribute(IFLA.ADDRESS, macBytes(mac)),
    attribute(IFLA.NET_NS_FD, u32(ns)),
    attribute(IFLA.TX_QUEUES, u32(1)),
    attribute(IFLA.RX_QUEUES, u32(1)),
  ];
  const peer = nested(1, ifinfomsg(0), ...end(b)); // VETH_INFO_PEER
  homeSocket.run([
    {
      type: RTM.NEWLINK,
      flags: NLM_F.CREATE | NLM_F.EXCL,
      body: ifinfomsg(0),
      attributes: [...end(a), nested(IFLA.LINKINFO, attribute(1, text('veth')), nested(2, peer))],
      about: `veth ${a.name} to ${b.name}`,
    },
  ]);
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

function ifinfomsg(index: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(IFINFOMSG);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.writeUInt32LE(flags, 12);
  return bytes;
}

function linkUp(name: string, index: number): Request {
  return { type: RTM.NEWLINK, flags: 0, body: ifinfomsg(index, 1), about: `set ${name} up` };
}

function newAddress({ name, address }: LinkConfiguration, index: number): Request {
  const [host = '', prefix = '32'] = address.split('/');
  const body = Buffer.from([AF_INET, Number(prefix), 0, 0, 0, 0, 0, 0]);
  body.writeUInt32LE(index, 4);
  return {
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body,
    attributes: [attribute(2, ipv4(host)), attribute(1, ipv4(host))], // IFA_LOCAL, IFA_ADDRESS
    about: `address ${address} on ${name}`,
  };
}

function newNeighbour({ address, mac }: { address: string; mac: string }, index: number): Request {
  const body = Buffer.alloc(12);
  body.writeUInt8(AF_INET, 0);
  body.writeInt32LE(index, 4);
  body.writeUInt16LE(0x80, 8); // NUD_PERMANENT
  return {
    type: RTM.NEWNEIGH,
    flags: NLM_F.CREATE | NLM_F.REPLACE,
    body,
    attributes: [attribute(1, ipv4(address)), attribute(2, macBytes(mac))], // NDA_DST, NDA_LLADDR
    about: `neighbour ${address} ${mac}`,
  };
}

function newRoute({ destination, prefix, via, dev, source }: Route, index: number): Request {
  const scope = via === undefined ? 253 : 0; // RT_SCOPE_LINK, RT_SCOPE_UNIVERSE
  const attributes = [attribute(1, ipv4(destination)), attribute(4, u32(index))]; // RTA_DST, RTA_OIF
  if (via !== undefined) attributes.push(attribute(5, ipv4(via))); // RTA_GATEWAY
  if (source !== undefined) attributes.push(attribute(7, ipv4(source))); // RTA_PREFSRC
  return {
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: Buffer.from([AF_INET, prefix, 0, 0, 254, 4, scope, 1, 0, 0, 0, 0]), // table main, protocol static, unicast
    attributes,
    about: `route ${destination}/${prefix} dev ${dev}`,
  };
}

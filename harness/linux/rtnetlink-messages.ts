import { ipv4, macBytes } from './address.ts';
import type { Fd } from './libc.ts';
import { attribute, nested, NLM_F, text, u32 } from './netlink.ts';
import type { Request } from './netlink.ts';

/** Message types and link attributes, rtnetlink(7). */
export const RTM = { NEWLINK: 16, GETLINK: 18, NEWADDR: 20, NEWROUTE: 24, NEWNEIGH: 28 } as const;
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  OPERSTATE: 16,
  LINKINFO: 18,
  STATS64: 23,
  NET_NS_FD: 28,
  TX_QUEUES: 31,
  RX_QUEUES: 32,
} as const;
/** Bytes of a `struct ifinfomsg`. */
export const IFINFOMSG = 16;
const AF_INET = 2;

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

/** A veth whose ends are born in their own namespaces. */
export function newVeth(a: VethEnd, b: VethEnd): Request {
  const end = ({ ns, name, mac }: VethEnd): Buffer[] => [
    attribute(IFLA.IFNAME, text(name)),
    attribute(IFLA.ADDRESS, macBytes(mac)),
    attribute(IFLA.NET_NS_FD, u32(ns)),
    attribute(IFLA.TX_QUEUES, u32(1)),
    attribute(IFLA.RX_QUEUES, u32(1)),
  ];
  const peer = nested(1, ifinfomsg(0), ...end(b)); // VETH_INFO_PEER
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: ifinfomsg(0),
    attributes: [...end(a), nested(IFLA.LINKINFO, attribute(1, text('veth')), nested(2, peer))],
    about: `veth ${a.name} to ${b.name}`,
  };
}

export function ifinfomsg(index: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(IFINFOMSG);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.writeUInt32LE(flags, 12);
  return bytes;
}

export function linkUp(name: string, index: number): Request {
  return { type: RTM.NEWLINK, flags: 0, body: ifinfomsg(index, 1), about: `set ${name} up` };
}

export function newAddress({ name, address }: LinkConfiguration, index: number): Request {
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

export function newNeighbour({ address, mac }: { address: string; mac: string }, index: number): Request {
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

export function newRoute({ destination, prefix, via, dev, source }: Route, index: number): Request {
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

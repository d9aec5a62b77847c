import type { Plan } from '../scenario/model.ts';
import { Capture } from '../host/capture.ts';
import { Host } from '../host/host.ts';
import { Lab, type LabView } from '../host/lab.ts';
import { resetNamespace } from '../linux/host-defaults.ts';
import { newNetNamespace } from '../linux/namespaces.ts';
import { disableSegmentationOffload } from '../linux/offload.ts';
import { makeVeth, Rtnetlink } from '../linux/rtnetlink.ts';
import type { AddressPool } from './addresses.ts';
import { framesFor } from './frames.ts';
import type { Graveyard } from './graveyard.ts';
import { type Hop, hopsFrom } from './routes.ts';
import type { Scope } from './scope.ts';

interface Made {
  name: string;
  address: string;
  ns: number;
  netlink: Rtnetlink;
  links: { dev: string; mac: string; peer: string }[];
}

export interface Ground {
  pool: AddressPool;
  graveyard: Graveyard;
  /** Takes what is still being closed when the lab is gone already. */
  closing: (rest: Promise<void>) => void;
}

/**
 * Builds the hosts and links of a plan. Every pair that shares a link has a veth of its own; a host has one address,
 * a route and a permanent neighbour for each peer, so that neither ARP nor a bridge ever says a word.
 */
export async function labUp(
  plan: Plan,
  view: LabView,
  { pool, graveyard, closing }: Ground,
  scope: Scope,
): Promise<Lab> {
  const names = Object.keys(plan.hosts);
  const addresses = pool.take(names.length);
  scope.defer(() => pool.give(addresses));
  const made = new Map<string, Made>();
  names.forEach((name, i) => {
    const ns = newNetNamespace();
    scope.defer(() => graveyard.bury(ns));
    resetNamespace(ns);
    const netlink = new Rtnetlink(ns);
    scope.defer(() => netlink.close());
    made.set(name, { name, address: addresses[i]!, ns, netlink, links: [] });
  });
  plan.links.forEach(([a, b], i) => join(made.get(a)!, made.get(b)!, i));
  for (const one of made.values()) configure(one, made, hopsFrom(one.name, plan));
  for (const { ns, netlink, links } of made.values())
    for (const { dev } of links) {
      // One packet captured is one segment sent, also for large writes.
      disableSegmentationOffload(ns, dev);
      netlink.waitUp(dev);
    }

  const nameOf = new Map([...made.values()].map(({ address, name }) => [address, name]));
  const hosts = new Map<string, Host>();
  await Promise.all(
    [...made.values()].map(async ({ name, address, ns, netlink, links }) => {
      const capture = await Capture.open(ns, name, (known) => nameOf.get(known) ?? known, framesFor(plan));
      const host = new Host({
        name,
        address,
        ns,
        netlink,
        capture,
        links: new Map(links.map(({ peer, dev }) => [peer, dev])),
      });
      scope.defer(() => {
        closing(host.close());
      });
      hosts.set(name, host);
    }),
  );
  const ordered = new Map(names.map((name) => [name, hosts.get(name)!]));
  for (const [name, host] of ordered)
    for (const [sysctl, value] of Object.entries(plan.hosts[name]!.sysctl)) host.writeSysctl(sysctl, value);
  const lab = new Lab(ordered, view);
  scope.defer(() => lab.abandon());
  lab.begin();
  return lab;
}

function join(a: Made, b: Made, index: number): void {
  const end = (one: Made, side: number) => ({ dev: `eth${one.links.length}`, mac: mac(index, side) });
  const [left, right] = [end(a, 1), end(b, 2)];
  makeVeth({ ns: a.ns, name: left.dev, mac: left.mac }, { ns: b.ns, name: right.dev, mac: right.mac });
  a.links.push({ ...left, peer: b.name });
  b.links.push({ ...right, peer: a.name });
}

function configure(
  { name, address, netlink, links }: Made,
  made: ReadonlyMap<string, Made>,
  hops: readonly Hop[],
): void {
  const peers = links.map(({ dev, peer }) => {
    const other = made.get(peer)!;
    return { dev, address: other.address, mac: other.links.find((link) => link.peer === name)!.mac };
  });
  const far = hops.map(({ to, via }) => ({
    destination: made.get(to)!.address,
    prefix: 32,
    via: made.get(via)!.address,
    dev: links.find((link) => link.peer === via)!.dev,
    source: address,
  }));
  // A host alone has its address on the loopback.
  const devices = links.length > 0 ? links.map(({ dev }) => dev) : ['lo'];
  netlink.configure({
    loopback: true,
    links: devices.map((dev) => ({
      name: dev,
      address,
      prefix: 32,
      neighbours: peers.filter((one) => one.dev === dev),
    })),
    routes: [
      ...peers.map((peer) => ({ destination: peer.address, prefix: 32, dev: peer.dev, source: address })),
      ...far,
    ],
  });
}

/** Locally administered; the same in every lab, since no two labs share a link. */
function mac(link: number, side: number): string {
  return `02:00:00:00:${link.toString(16).padStart(2, '0')}:${side.toString(16).padStart(2, '0')}`;
}

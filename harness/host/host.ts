import { readFileSync } from 'node:fs';
import { deltaOf, parseCounters } from '../evidence/counters.ts';
import type { Counters, HostEvidence, SocketRow, SysctlValue } from '../evidence/model.ts';
import type { Fd } from '../linux/libc.ts';
import { enter } from '../linux/namespaces.ts';
import { RawSender } from '../linux/raw.ts';
import type { Rtnetlink } from '../linux/rtnetlink.ts';
import { SocketTable } from '../linux/socket-table.ts';
import { readSysctl, writeSysctl } from '../linux/sysctl.ts';
import type { Capture } from './capture.ts';

/** Spoofed sources come from here (RFC 2544 benchmarking range); nobody owns them, so nobody answers. */
export const SPOOFED = { base: '198.18.0.0', prefix: 15 } as const;

/** One network namespace of a lab and the descriptors made in it. */
export class Host {
  readonly name: string;
  readonly address: string;
  readonly ns: Fd;
  readonly table: SocketTable;
  readonly capture: Capture;
  readonly #netlink: Rtnetlink;
  readonly #links: ReadonlyMap<string, string>;
  /** Programs may make IPv6 sockets; the steps make none. */
  runsPrograms = false;
  #raw: RawSender | undefined;
  #before: Counters = {};
  #spoofedVia: string | undefined;

  /** `links`: name of the peer host to the interface that leads there. */
  constructor(parts: {
    name: string;
    address: string;
    ns: Fd;
    netlink: Rtnetlink;
    capture: Capture;
    links: ReadonlyMap<string, string>;
  }) {
    this.name = parts.name;
    this.address = parts.address;
    this.ns = parts.ns;
    this.#netlink = parts.netlink;
    this.capture = parts.capture;
    this.#links = parts.links;
    this.table = new SocketTable(parts.ns);
  }

  /** Runs `fn` inside this host; nothing may be awaited in there. */
  enter<T>(fn: () => T): T {
    return enter(this.ns, fn);
  }

  /** The counters as they stand: /proc/net/snmp and /proc/net/netstat of this namespace. */
  counters(): Counters {
    return this.enter(() =>
      parseCounters(
        readFileSync('/proc/thread-self/net/snmp', 'latin1'),
        readFileSync('/proc/thread-self/net/netstat', 'latin1'),
      ),
    );
  }

  /** From here on counters are told as the change since now. */
  begin(): void {
    this.#before = this.counters();
  }

  get before(): Counters {
    return this.#before;
  }

  delta(): Counters {
    return deltaOf(this.#before, this.counters());
  }

  sockets(): readonly SocketRow[] {
    return this.table.dump(this.runsPrograms);
  }

  /** State of one connection as `ss` prints it; CLOSED when no row is left. */
  stateOf(localPort: number, remote: { address: string; port: number }): string {
    return this.table.connection({ address: this.address, port: localPort }, remote)?.state ?? 'CLOSED';
  }

  /** Value of a sysctl here; `absent` where this kernel has none of that name. */
  sysctl(name: string): SysctlValue {
    const text = readSysctl(this.ns, name);
    if (text === undefined) return 'absent';
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }

  writeSysctl(name: string, value: SysctlValue): 'written' | 'absent' | 'readonly' {
    return writeSysctl(this.ns, name, String(value));
  }

  get raw(): RawSender {
    this.#raw ??= new RawSender(this.ns);
    return this.#raw;
  }

  interfaceTo(peer: Host): string {
    return this.#links.get(peer.name) ?? fail(`${this.name} has no link to ${peer.name}`);
  }

  /** Segments received over the link to a peer, as the driver counts them. */
  received(peer: Host): number {
    return this.#netlink.linkStats(this.interfaceTo(peer)).rxPackets;
  }

  /** Sends answers for spoofed sources to this peer, who drops them without a word. */
  routeSpoofed(peer: Host): void {
    if (this.#spoofedVia === peer.name) return;
    if (this.#spoofedVia !== undefined) fail(`spoofed sources already lead from ${this.name} to ${this.#spoofedVia}`);
    this.#spoofedVia = peer.name;
    this.#netlink.addRoute({
      destination: SPOOFED.base,
      prefix: SPOOFED.prefix,
      via: peer.address,
      dev: this.interfaceTo(peer),
    });
  }

  /** What this host shows now; each part is read when it is looked at. `sysctls`: the names that are looked at. */
  evidence(sysctls: readonly string[]): HostEvidence {
    const one = <T>(read: () => T) => {
      let value: { is: T } | undefined;
      return () => (value ??= { is: read() }).is;
    };
    const counters = one(() => this.delta());
    const sockets = one(() => this.sockets());
    const packets = one(() => this.capture.packets());
    const sysctl = one(() => Object.fromEntries(sysctls.map((name) => [name, this.sysctl(name)])));
    return {
      get counters() {
        return counters();
      },
      get sockets() {
        return sockets();
      },
      get packets() {
        return packets();
      },
      get sysctl() {
        return sysctl();
      },
    };
  }

  /** Frees the descriptors; resolves when the kernel has let the capture ring go, tens of milliseconds later. */
  close(): Promise<void> {
    this.#raw?.close();
    this.table.close();
    return this.capture.close();
  }
}

function fail(message: string): never {
  throw new Error(message);
}

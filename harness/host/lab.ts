import { setImmediate as turn, setTimeout as pass } from 'node:timers/promises';
import type { HostEvidence, Moment, Outcome, Packet } from '../evidence/model.ts';
import { realtimeNanoseconds } from '../linux/clock.ts';
import { secondsOf } from '../scenario/duration.ts';
import type { Block } from './block.ts';
import type { Capture } from './capture.ts';
import { Connections } from './connections.ts';
import type { End } from './end.ts';
import type { Host } from './host.ts';
import type { HttpClient } from './http-client.ts';
import { Listener } from './listener.ts';
import { frozen } from './live.ts';
import type { Program } from './program.ts';

/** What a step addresses: a host and a port there. */
export interface Target {
  host: Host;
  port: number;
}

/** A state that was waited for and did not come: the scenario is broken, not the harness. */
export class NotReached extends Error {
  readonly what: string;
  constructor(what: string, seconds: number) {
    super(`not within ${seconds} s: ${what}`);
    this.what = what;
  }
}

/** How many waits are looking, in all labs: one look at the socket tables costs half a millisecond of the only thread. */
let polls = 0;

/** What a lab looks at, and where its programs run. */
export interface LabView {
  /** Names that the record and its expressions look at. */
  sysctls: readonly string[];
  folder: string;
  /** An expression asks how many packets a block has met: reading that starts a program. */
  countsHits: boolean;
}

/** The hosts and links of one running scenario, and what its steps made in them. */
export class Lab {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly blocks: Block[] = [];
  readonly programs: Program[] = [];
  readonly clients = new Map<string, HttpClient>();
  readonly outcomes = new Map<string, Outcome>();
  readonly #handles = new Map<string, object>();
  /** Everything that ever had a name: a step that repeats takes the name anew. */
  readonly #made: object[] = [];
  readonly #sysctls: readonly string[];
  readonly #folder: string;
  readonly countsHits: boolean;
  #start = process.hrtime.bigint();

  constructor(hosts: ReadonlyMap<string, Host>, { sysctls, folder, countsHits }: LabView) {
    this.hosts = hosts;
    this.#sysctls = sysctls;
    this.#folder = folder;
    this.countsHits = countsHits;
  }

  /** The lab is up: time and captures count from this moment. */
  begin(): void {
    for (const host of this.hosts.values()) host.begin();
    const now = realtimeNanoseconds();
    this.#start = process.hrtime.bigint();
    for (const host of this.hosts.values()) host.capture.begin(now);
  }

  /** Seconds since the lab was up. */
  now(): number {
    return Number(process.hrtime.bigint() - this.#start) / 1e9;
  }

  host(name: string): Host {
    return this.hosts.get(name) ?? missing(`host ${name}`);
  }

  folder(host: string): string {
    return `${this.#folder}/${host}`;
  }

  /** A listener by its name, or `host:port`. */
  target(text: string): Target {
    const handle = this.#handles.get(text);
    if (handle instanceof Listener) return { host: handle.host, port: handle.port };
    const [name, port] = text.split(':');
    return { host: this.host(name!), port: Number(port) };
  }

  keep(name: string, outcome: Outcome, handle?: object): void {
    this.outcomes.set(name, outcome);
    if (!handle) return;
    this.#handles.set(name, handle);
    this.#made.push(handle);
  }

  handle<T extends object>(name: string, type: { prototype: T }): T {
    const handle = this.#handles.get(name);
    return handle !== undefined && Object.prototype.isPrototypeOf.call(type.prototype, handle)
      ? (handle as T)
      : missing(name);
  }

  /** The ends that `c` or `c@host` means. */
  ends(text: string): readonly End[] {
    const [name, at] = text.split('@') as [string, string | undefined];
    const connections = this.handle(name, Connections);
    if (at === undefined || at === connections.host.name) return connections.ends;
    const listeners = [...this.#handles.values()].filter(
      (one): one is Listener => one instanceof Listener && one.host.name === at,
    );
    return connections.ends.map((end) => {
      const listener = listeners.find((one) => one.port === end.remotePort);
      return listener?.endOf(end.localPort) ?? missing(`end of ${name} at ${at}: no listener there has accepted it`);
    });
  }

  /** Bytes of a captured packet and where they were going. */
  bytesOf(packet: Packet): { bytes: Buffer; destination: string } {
    for (const host of this.hosts.values()) {
      const known = host.capture
        .packets()
        .find((one) => one === packet || (one.host === packet.host && one.at === packet.at && one.seq === packet.seq));
      const bytes = known && host.capture.bytesOf(known);
      if (bytes) return { bytes, destination: [...bytes.subarray(16, 20)].join('.') };
    }
    return missing('that packet');
  }

  /** What the lab shows now; each part is read when it is looked at. */
  live(): Moment {
    return {
      at: this.now(),
      hosts: Object.fromEntries([...this.hosts].map(([name, host]) => [name, host.evidence(this.#sysctls)])),
      outcomes: Object.fromEntries(this.outcomes),
    };
  }

  /** What the lab shows now, all of it read; packets are decoded when somebody looks at them. */
  async freeze(): Promise<Moment> {
    await Promise.all(this.blocks.map((block) => block.refresh()));
    const { at, hosts, outcomes } = this.live();
    const kept = Object.entries(outcomes).map(([name, outcome]) => [name, frozen(outcome)] as const);
    // What the kernel holds passes, what was captured stays: the packets are counted last.
    const states = Object.entries(hosts).map(([name, { counters, sockets, sysctl }]) => ({
      name,
      counters,
      sockets,
      sysctl,
    }));
    return {
      at,
      hosts: Object.fromEntries(
        states.map(({ name, ...state }) => [name, withPackets(state, this.host(name).capture)]),
      ),
      outcomes: Object.fromEntries(kept),
    };
  }

  async sleep(seconds: number, signal: AbortSignal): Promise<void> {
    if (seconds <= 0) await turn();
    else await pass(seconds * 1000, undefined, { signal }).catch(() => undefined);
  }

  /**
   * True when `done` came true within so many seconds. Looks often at first, then every few milliseconds, or as rarely as
   * leaves half of the thread to others.
   */
  async poll(done: () => boolean, seconds: number, signal: AbortSignal): Promise<boolean> {
    const start = this.now();
    polls += 1;
    try {
      for (;;) {
        const looked = this.now();
        if (done()) return true;
        const now = this.now();
        const waited = now - start;
        if (waited >= seconds || signal.aborted) return false;
        const soon = waited < 0.005 ? 0 : Math.min(0.001 + waited / 50, 0.01);
        await this.sleep(Math.max(soon, polls === 1 ? 0 : 2 * polls * (now - looked)), signal);
      }
    } finally {
      polls -= 1;
    }
  }

  /** Waits for a state; NotReached past the deadline. */
  async until(done: () => boolean, what: string, deadline: string, signal: AbortSignal): Promise<void> {
    const seconds = secondsOf(deadline)!;
    if (!(await this.poll(done, seconds, signal)) && !signal.aborted) throw new NotReached(what, seconds);
  }

  /** Ends what the steps left running: programs, clients, sockets. */
  abandon(): void {
    for (const program of this.programs) program.abandon();
    for (const client of this.clients.values()) client.abandon();
    for (const handle of this.#made) {
      if (handle instanceof Listener) handle.abandon();
      if (handle instanceof Connections) for (const end of handle.ends) end.abandon();
    }
  }
}

/** Adds what was captured up to now, decoded when somebody looks. */
function withPackets(state: Omit<HostEvidence, 'packets'>, capture: Capture): HostEvidence {
  const frames = capture.length;
  return {
    ...state,
    get packets() {
      return capture.packets(frames);
    },
  };
}

function missing(what: string): never {
  throw new Error(`there is no ${what}`);
}

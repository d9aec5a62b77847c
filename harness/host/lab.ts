import type { HostEvidence, Moment, Outcome, Packet } from '../evidence/model.ts';
import { realtimeNanoseconds } from '../linux/clock.ts';
import type { Block } from './block.ts';
import type { Capture } from './capture.ts';
import { Connections } from './connections.ts';
import type { End } from './end.ts';
import type { Host } from './host.ts';
import { HttpClient } from './http-client.ts';
import { LabTime } from './lab-time.ts';
import { Listener } from './listener.ts';
import { frozen } from './live.ts';
import type { Program } from './program.ts';

/** What a step addresses: a host and a port there. */
export interface Target {
  host: Host;
  port: number;
}

/** What a lab looks at, and where its programs run. */
export interface LabView {
  /** Names that the record and its expressions look at. */
  sysctls: readonly string[];
  folder: string;
  /** An expression asks how many packets a block has met: reading that starts a program. */
  countsHits: boolean;
}

/** The hosts and links of one running scenario, and what its steps made in them. */
export class Lab extends LabTime {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly blocks: Block[] = [];
  readonly programs: Program[] = [];
  readonly #clients = new Map<string, HttpClient>();
  readonly outcomes = new Map<string, Outcome>();
  readonly #handles = new Map<string, object>();
  /** Everything that ever had a name: a step that repeats takes the name anew. */
  readonly #made: object[] = [];
  readonly #sysctls: readonly string[];
  readonly #folder: string;
  readonly countsHits: boolean;

  constructor(hosts: ReadonlyMap<string, Host>, { sysctls, folder, countsHits }: LabView) {
    super();
    this.hosts = hosts;
    this.#sysctls = sysctls;
    this.#folder = folder;
    this.countsHits = countsHits;
  }

  /** The lab is up: time and captures count from this moment. */
  begin(): void {
    for (const host of this.hosts.values()) host.begin();
    const now = realtimeNanoseconds();
    this.restart();
    for (const host of this.hosts.values()) host.capture.begin(now);
  }

  host(name: string): Host {
    return this.hosts.get(name) ?? missing(`host ${name}`);
  }

  folder(host: string): string {
    return `${this.#folder}/${host}`;
  }

  /** The HTTP client of a host, with its one pool of connections. */
  client(name: string): HttpClient {
    const known = this.#clients.get(name) ?? new HttpClient(this, this.host(name));
    this.#clients.set(name, known);
    return known;
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

  /** Ends what the steps left running: programs, clients, sockets. */
  abandon(): void {
    for (const program of this.programs) program.abandon();
    for (const client of this.#clients.values()) client.abandon();
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

import { decodeFrame } from '../evidence/frame.ts';
import type { Packet } from '../evidence/model.ts';
import type { Fd } from '../linux/libc.ts';
import { PacketRing } from '../linux/packet-ring.ts';
import { type Frame, FrameStore } from './frame-store.ts';

/** Bytes kept of each frame: an IP and a TCP header with all their options, and the first of the payload. */
export const SNAPLEN = 190;

/** Gives addresses the names of the lab's hosts. */
export type Namer = (address: string) => string;

/** All that one host sends and receives, from before the first step on; decoded when somebody looks. */
export class Capture {
  readonly #ring: PacketRing;
  readonly #host: string;
  readonly #name: Namer;
  readonly #frames = new FrameStore();
  readonly #packets: Packet[] = [];
  /** Of each decoded packet: the number of its frame. */
  readonly #numbers: number[] = [];
  #decoded = 0;
  #origin = 0n;

  private constructor(ring: PacketRing, host: string, name: Namer) {
    this.#ring = ring;
    this.#host = host;
    this.#name = name;
  }

  static async open(ns: Fd, host: string, name: Namer, frames: number): Promise<Capture> {
    return new Capture(await PacketRing.open(ns, { frames, snap: SNAPLEN }), host, name);
  }

  /** From here on stamps count from this moment (CLOCK_REALTIME, nanoseconds). */
  begin(realtime: bigint): void {
    this.drain();
    this.#frames.clear();
    this.#origin = realtime;
  }

  /** CLOCK_REALTIME of the moment from which stamps count, nanoseconds. */
  get origin(): bigint {
    return this.#origin;
  }

  /** Empties the ring into memory of our own. */
  drain(): void {
    const origin = {
      seconds: Number(this.#origin / 1_000_000_000n),
      nanoseconds: Number(this.#origin % 1_000_000_000n),
    };
    this.#ring.drain((bytes, { seconds, nanoseconds, length, out }) => {
      const stamp = (seconds - origin.seconds) * 1e9 + (nanoseconds - origin.nanoseconds);
      this.#frames.add({ bytes, wireLength: length, nanoseconds: stamp, out });
    });
  }

  /** How many frames there are; `frame(i)` gives one of them. */
  get length(): number {
    this.drain();
    return this.#frames.length;
  }

  frame(i: number): Frame {
    return this.#frames.get(i);
  }

  stamp(i: number): number {
    return this.#frames.stamp(i);
  }

  /** TCP segments and ICMP errors among the first so many frames, in the order of capture. */
  packets(frames = this.length): readonly Packet[] {
    for (; this.#decoded < frames; this.#decoded += 1) {
      const packet = this.decode(this.#decoded);
      if (!packet) continue;
      this.#packets.push(packet);
      this.#numbers.push(this.#decoded);
    }
    const later = this.#numbers.findIndex((number) => number >= frames);
    return later < 0 ? this.#packets : this.#packets.slice(0, later);
  }

  /** The segment of one frame; undefined when it is none. */
  decode(i: number): Packet | undefined {
    const { bytes, wireLength, nanoseconds, out } = this.#frames.get(i);
    const segment = decodeFrame(bytes, wireLength);
    if (!segment) return undefined;
    const { source, destination, ...rest } = segment;
    return {
      ...rest,
      at: nanoseconds / 1e9,
      host: this.#host,
      out,
      from: `${this.#name(source)}:${rest.sport}`,
      to: `${this.#name(destination)}:${rest.dport}`,
    };
  }

  /** The bytes of a packet from the IP header on; undefined when this host did not capture it. */
  bytesOf(packet: Packet): Buffer | undefined {
    const number = this.#numbers[this.#packets.indexOf(packet)];
    if (number === undefined) return undefined;
    const { bytes, wireLength } = this.#frames.get(number);
    if (bytes.length < wireLength)
      throw new Error(`of a packet of ${wireLength} bytes only the first ${bytes.length} were captured`);
    return bytes;
  }

  /** Packets that the kernel could not put into the ring: more than 0 makes the record an error. */
  get lost(): number {
    return this.#ring.statistics().drops;
  }

  close(): Promise<void> {
    return this.#ring.close();
  }
}

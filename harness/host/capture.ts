import { decodeFrame } from '../evidence/frame.ts';
import type { Packet } from '../evidence/model.ts';
import { PacketRing } from '../linux/packet-ring.ts';
import type { Fd } from '../linux/libc.ts';

const CHUNK = 1 << 20;

/** One captured frame: where its bytes lie, when it passed (nanoseconds since the lab was up) and which way. */
export interface Frame {
  bytes: Buffer;
  wireLength: number;
  nanoseconds: number;
  out: boolean;
}

/** Gives addresses the names of the lab's hosts. */
export type Namer = (address: string) => string;

/** All that one host sends and receives, from before the first step on; decoded when somebody looks. */
export class Capture {
  readonly #ring: PacketRing;
  readonly #host: string;
  readonly #name: Namer;
  readonly #frames: Frame[] = [];
  readonly #packets: Packet[] = [];
  readonly #rawOf = new Map<Packet, Buffer>();
  #chunk = Buffer.alloc(0);
  #used = 0;
  #decoded = 0;
  #origin = { seconds: 0, nanoseconds: 0 };

  private constructor(ring: PacketRing, host: string, name: Namer) {
    this.#ring = ring;
    this.#host = host;
    this.#name = name;
  }

  static async open(ns: Fd, host: string, name: Namer, frames: number): Promise<Capture> {
    return new Capture(await PacketRing.open(ns, { frames, snap: 190 }), host, name);
  }

  /** From here on stamps count from this moment (CLOCK_REALTIME, nanoseconds). */
  begin(realtime: bigint): void {
    this.drain();
    this.#frames.length = 0;
    this.#origin = { seconds: Number(realtime / 1_000_000_000n), nanoseconds: Number(realtime % 1_000_000_000n) };
  }

  /** CLOCK_REALTIME of the moment from which stamps count, nanoseconds. */
  get origin(): bigint {
    return BigInt(this.#origin.seconds) * 1_000_000_000n + BigInt(this.#origin.nanoseconds);
  }

  /** Empties the ring into memory of our own. */
  drain(): void {
    this.#ring.drain((frame, meta) => {
      const nanoseconds = (meta.seconds - this.#origin.seconds) * 1e9 + (meta.nanoseconds - this.#origin.nanoseconds);
      this.#frames.push({ bytes: this.#keep(frame), wireLength: meta.length, nanoseconds, out: meta.out });
    });
  }

  get frames(): readonly Frame[] {
    this.drain();
    return this.#frames;
  }

  /** TCP segments and ICMP messages so far, in the order of capture. */
  get packets(): readonly Packet[] {
    this.drain();
    for (; this.#decoded < this.#frames.length; this.#decoded += 1) {
      const frame = this.#frames[this.#decoded]!;
      const segment = decodeFrame(frame.bytes, frame.wireLength);
      if (!segment) continue;
      const { source, destination, ...rest } = segment;
      const packet: Packet = {
        ...rest,
        at: frame.nanoseconds / 1e9,
        host: this.#host,
        out: frame.out,
        from: `${this.#name(source)}:${rest.sport}`,
        to: `${this.#name(destination)}:${rest.dport}`,
      };
      this.#packets.push(packet);
      this.#rawOf.set(packet, frame.bytes);
    }
    return this.#packets;
  }

  /** The bytes of a packet from the IP header on; undefined when this host did not capture it, or not all of it. */
  bytesOf(packet: Packet): Buffer | undefined {
    return this.#rawOf.get(packet);
  }

  /** Packets that the kernel could not put into the ring: more than 0 makes the record an error. */
  get lost(): number {
    return this.#ring.statistics().drops;
  }

  close(): Promise<void> {
    return this.#ring.close();
  }

  #keep(frame: Buffer): Buffer {
    if (this.#used + frame.length > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(CHUNK);
      this.#used = 0;
    }
    const kept = this.#chunk.subarray(this.#used, this.#used + frame.length);
    frame.copy(kept);
    this.#used += frame.length;
    return kept;
  }
}

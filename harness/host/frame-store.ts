const CHUNK = 1 << 20;
/** Numbers kept for each frame: where its bytes start, how many, the length on the wire, the stamp (negative: received). */
const FIELDS = 4;

/** One captured frame: its bytes from the IP header on, when it passed (nanoseconds) and which way. */
export interface Frame {
  bytes: Buffer;
  wireLength: number;
  nanoseconds: number;
  out: boolean;
}

/** Frames in the order of capture, 32 bytes each beside their own: a flood leaves hundreds of thousands. */
export class FrameStore {
  readonly #chunks: Buffer[] = [];
  #used = CHUNK;
  #index = new Float64Array(1024 * FIELDS);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add({ bytes, wireLength, nanoseconds, out }: Frame): void {
    if (this.#used + bytes.length > CHUNK) {
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK));
      this.#used = 0;
    }
    bytes.copy(this.#chunks.at(-1)!, this.#used);
    const at = this.#length * FIELDS;
    if (at === this.#index.length) {
      const grown = new Float64Array(at * 2);
      grown.set(this.#index);
      this.#index = grown;
    }
    this.#index[at] = (this.#chunks.length - 1) * CHUNK + this.#used;
    this.#index[at + 1] = bytes.length;
    this.#index[at + 2] = out ? wireLength : -wireLength;
    this.#index[at + 3] = nanoseconds;
    this.#used += bytes.length;
    this.#length += 1;
  }

  /** Nanoseconds of the frame's stamp. */
  stamp(i: number): number {
    return this.#index[i * FIELDS + 3]!;
  }

  get(i: number): Frame {
    const at = i * FIELDS;
    const start = this.#index[at]!;
    const chunk = this.#chunks[Math.floor(start / CHUNK)]!;
    const wire = this.#index[at + 2]!;
    return {
      bytes: chunk.subarray(start % CHUNK, (start % CHUNK) + this.#index[at + 1]!),
      wireLength: Math.abs(wire),
      nanoseconds: this.#index[at + 3]!,
      out: wire > 0,
    };
  }

  clear(): void {
    this.#length = 0;
    this.#chunks.length = 0;
    this.#used = CHUNK;
  }
}

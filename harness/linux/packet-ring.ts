import { check, SyscallError } from './errno.ts';
import { addressOf, inPool, lastErrno, libc, memoryAt } from './libc.ts';
import type { Fd } from './libc.ts';
import { enter } from './namespaces.ts';
import { getBytes, setInt } from './socket-options.ts';
import { close, closeAsync } from './sockets.ts';

const AF_PACKET = 17;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const TPACKET_V2 = 1;
const ETH_P_ALL = 3;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;
const TP_STATUS_USER = 1;
const PACKET_OUTGOING = 4;

// Of a frame before the packet: tpacket2_hdr and sockaddr_ll, rounded up, and 16 bytes for a link header (tpacket_rcv()).
const FRAME_HEADER = 80;
const SOCKADDR_LL = 32;
const BLOCK = 1 << 18;

export interface FrameMeta {
  /** CLOCK_REALTIME at capture. */
  seconds: number;
  nanoseconds: number;
  /** True when this namespace sent it. A packet over `lo` comes twice: out, then in. */
  out: boolean;
  /** Bytes of the whole packet from the network header on, before it was cut. */
  length: number;
  ifindex: number;
  /** EtherType: 0x0800 IPv4, 0x86dd IPv6. */
  protocol: number;
}

/** `frame` is a view of the ring: copy what must outlive the callback. */
export type FrameVisitor = (frame: Buffer, meta: FrameMeta) => void;

export interface RingSize {
  /** Packets that the ring must hold. */
  frames: number;
  /** Bytes kept of each; the default, a 256-byte frame, keeps 176: IPv4 and TCP headers with all options and 96 bytes. */
  snap?: number;
}

/** Every packet of one namespace, in memory shared with the kernel: AF_PACKET with TPACKET_V2, packet(7), packet_mmap.rst. */
export class PacketRing {
  readonly fd: Fd;
  readonly #pointer: unknown;
  readonly #frameSize: number;
  readonly #framesPerBlock: number;
  readonly #total: number;
  #words: Uint32Array;
  #bytes: Buffer;
  #next = 0;
  #closed = false;
  #counted = { packets: 0, drops: 0 };

  private constructor(fd: Fd, pointer: unknown, frameSize: number, blocks: number) {
    this.fd = fd;
    this.#pointer = pointer;
    this.#frameSize = frameSize;
    this.#framesPerBlock = Math.floor(BLOCK / frameSize);
    this.#total = blocks * this.#framesPerBlock;
    const memory = memoryAt(pointer, blocks * BLOCK);
    this.#words = new Uint32Array(memory);
    this.#bytes = Buffer.from(memory);
  }

  /** Captures from the moment it resolves. The kernel waits for an RCU grace period here (8 to 16 ms): open rings side by side. */
  static async open(ns: Fd, { frames, snap = 176 }: RingSize): Promise<PacketRing> {
    const frameSize = Math.ceil((FRAME_HEADER + snap) / 16) * 16;
    const perBlock = Math.floor(BLOCK / frameSize);
    const blocks = Math.ceil(frames / perBlock);
    // Protocol 0: nothing is captured, and nothing has to be waited for, before the ring exists.
    const fd = enter(ns, () => check(libc.socket(AF_PACKET, SOCK_DGRAM_CLOEXEC, 0), 'socket', 'AF_PACKET'));
    try {
      setInt(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
      const request = Buffer.alloc(16);
      [BLOCK, blocks, frameSize, blocks * perBlock].forEach((value, place) => request.writeUInt32LE(value, 4 * place));
      const { errno } = await inPool(libc.setsockopt, fd, SOL_PACKET, PACKET_RX_RING, request, request.length);
      if (errno !== 0) throw new SyscallError('setsockopt', errno, `PACKET_RX_RING of ${blocks * BLOCK} bytes`);
      const pointer = libc.mmap(null, blocks * BLOCK, PROT_READ_WRITE, MAP_SHARED, fd, 0);
      if (addressOf(pointer) === MAP_FAILED) throw new SyscallError('mmap', lastErrno(), `${blocks * BLOCK} bytes`);
      bindAll(fd);
      return new PacketRing(fd, pointer, frameSize, blocks);
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** Gives each captured packet to `each`, in order, and its frame back to the kernel; returns how many. */
  drain(each: FrameVisitor): number {
    const words = this.#words;
    let count = 0;
    for (; ; count += 1) {
      const start = this.#offset(this.#next);
      const word = start / 4;
      if (((words[word] ?? 0) & TP_STATUS_USER) === 0) return count;
      const packetAt = start + ((words[word + 3] ?? 0) >>> 16); // tp_net
      const link = start + SOCKADDR_LL;
      each(this.#bytes.subarray(packetAt, packetAt + (words[word + 2] ?? 0)), {
        seconds: words[word + 4] ?? 0,
        nanoseconds: words[word + 5] ?? 0,
        out: this.#bytes[link + 10] === PACKET_OUTGOING,
        length: words[word + 1] ?? 0,
        ifindex: words[(link + 4) / 4] ?? 0,
        protocol: this.#bytes.readUInt16BE(link + 2),
      });
      words[word] = 0;
      this.#next = (this.#next + 1) % this.#total;
    }
  }

  /** Since the ring was opened. `packets` counts the dropped ones too; `drops` more than 0 means lost evidence. */
  statistics(): { packets: number; drops: number } {
    if (this.#closed) return this.#counted;
    const bytes = getBytes(this.fd, SOL_PACKET, PACKET_STATISTICS, 8); // reading resets it
    this.#counted = {
      packets: this.#counted.packets + bytes.readUInt32LE(0),
      drops: this.#counted.drops + bytes.readUInt32LE(4),
    };
    return this.#counted;
  }

  /** What was not drained is gone; the statistics stay. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.statistics();
    this.#closed = true;
    const size = this.#words.byteLength;
    this.#words = new Uint32Array(0);
    this.#bytes = Buffer.alloc(0);
    await inPool(libc.munmap, this.#pointer, size);
    await closeAsync(this.fd);
  }

  #offset(frame: number): number {
    return Math.floor(frame / this.#framesPerBlock) * BLOCK + (frame % this.#framesPerBlock) * this.#frameSize;
  }
}

// struct sockaddr_ll with ifindex 0: lo and every link, also those made later.
function bindAll(fd: Fd): void {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  check(libc.bind(fd, address, address.length), 'bind', 'AF_PACKET');
}

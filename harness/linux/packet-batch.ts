import { errnoName } from './errno.ts';
import { addressOf, lastErrno, libc } from './libc.ts';
import type { Fd } from './libc.ts';

const MSG_DONTWAIT = 0x40;
const IOVEC = 16;
const MMSGHDR = 64;
const ADDRESS = 64;
const RETRIES = 1000;

/** IPv4 packets built in one piece of memory and sent by sendmmsg(2) to one destination. */
export class PacketBatch {
  readonly #fd: Fd;
  readonly #slotBytes: number;
  readonly #arena: Buffer;
  /** The destination, the iovecs and the mmsghdrs, which point at each other: one buffer, so that it never moves. */
  readonly #headers: Buffer;
  readonly #messages: bigint;
  readonly #iovecs: number;

  constructor(fd: Fd, count: number, slotBytes: number, destination: Buffer) {
    this.#fd = fd;
    this.#slotBytes = slotBytes;
    this.#arena = Buffer.alloc(Math.max(128, count * slotBytes));
    this.#headers = Buffer.alloc(ADDRESS + count * (IOVEC + MMSGHDR));
    destination.copy(this.#headers);
    const arena = addressOf(this.#arena);
    const headers = addressOf(this.#headers);
    this.#iovecs = ADDRESS;
    const messages = ADDRESS + count * IOVEC;
    this.#messages = headers + BigInt(messages);
    for (let i = 0; i < count; i += 1) {
      const iovec = this.#iovecs + i * IOVEC;
      this.#headers.writeBigUInt64LE(arena + BigInt(i * slotBytes), iovec);
      // struct msghdr on 64 bits: name, namelen, iov, iovlen, control, controllen, flags; then msg_len.
      const message = messages + i * MMSGHDR;
      this.#headers.writeBigUInt64LE(headers, message);
      this.#headers.writeUInt32LE(destination.length, message + 8);
      this.#headers.writeBigUInt64LE(headers + BigInt(iovec), message + 16);
      this.#headers.writeBigUInt64LE(1n, message + 24);
    }
  }

  /** Where packet `i` is built; as many bytes are sent as its IP header's total length says. */
  slot(i: number): Buffer {
    return this.#arena.subarray(i * this.#slotBytes, (i + 1) * this.#slotBytes);
  }

  /** Sends the first `n`; the rest is tried again while the queue is full (ENOBUFS, EAGAIN). `errno` says why fewer went out. */
  send(n: number): { sent: number; errno: string } {
    for (let i = 0; i < n; i += 1) {
      const length = this.#arena.readUInt16BE(i * this.#slotBytes + 2);
      if (length > this.#slotBytes)
        throw new RangeError(`packet ${i} says ${length} bytes, its slot has ${this.#slotBytes}`);
      this.#headers.writeUInt32LE(length, this.#iovecs + i * IOVEC + 8);
    }
    let sent = 0;
    for (let tries = 0; sent < n;) {
      const result = libc.sendmmsg(this.#fd, this.#messages + BigInt(sent * MMSGHDR), n - sent, MSG_DONTWAIT);
      if (result > 0) {
        sent += result;
        tries = 0;
        continue;
      }
      const errno = errnoName(lastErrno());
      tries += 1;
      if ((errno !== 'ENOBUFS' && errno !== 'EAGAIN' && errno !== 'EINTR') || tries > RETRIES) return { sent, errno };
    }
    return { sent, errno: '' };
  }
}

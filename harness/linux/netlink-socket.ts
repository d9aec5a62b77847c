import { check, SyscallError } from './errno.ts';
import { libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { enter } from './namespaces.ts';
import { decode, encode, NLM_F, NLMSG_DONE, NLMSG_ERROR } from './netlink.ts';
import type { Request } from './netlink.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;

// One receive buffer for all: everything is synchronous, and a reply is used up before the next call.
const receiveBuffer = Buffer.alloc(65536);

/** A netlink socket made inside a namespace: it goes on speaking to that namespace from anywhere. */
export class NetlinkSocket {
  readonly fd: Fd;
  #sequence = 0;

  constructor(ns: Fd, protocol: number) {
    this.fd = enter(ns, () =>
      check(libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), 'socket', 'AF_NETLINK'),
    );
  }

  /** Sends all requests in one datagram and takes their acknowledgements; throws the first refusal. */
  run(requests: readonly Request[]): void {
    const first = this.#sequence + 1;
    this.#send(requests.map((request) => ({ ...request, flags: request.flags | NLM_F.ACK })));
    let pending = requests.length;
    let refused: SyscallError | undefined;
    while (pending > 0) {
      for (const reply of decode(this.#receive())) {
        if (reply.type !== NLMSG_ERROR || reply.sequence < first) continue;
        pending -= 1;
        const error = -reply.payload.readInt32LE(0);
        if (error !== 0) refused ??= new SyscallError('netlink', error, requests[reply.sequence - first]?.about);
      }
    }
    if (refused) throw refused;
  }

  /** The payload of the one reply to a request; undefined for ENOENT and ENODEV. Valid until the next call. */
  get(request: Request): Buffer | undefined {
    this.#send([request]);
    for (;;) {
      for (const reply of decode(this.#receive())) {
        if (reply.sequence !== this.#sequence) continue;
        if (reply.type !== NLMSG_ERROR) return reply.payload;
        const error = new SyscallError('netlink', -reply.payload.readInt32LE(0), request.about);
        if (error.errno === 'ENOENT' || error.errno === 'ENODEV') return undefined;
        throw error;
      }
    }
  }

  /** Every reply of a dump. */
  dump(request: Request, each: (payload: Buffer) => void): void {
    this.#send([{ ...request, flags: request.flags | NLM_F.DUMP }]);
    for (;;) {
      for (const reply of decode(this.#receive())) {
        if (reply.sequence !== this.#sequence) continue;
        if (reply.type === NLMSG_DONE || reply.type === NLMSG_ERROR) {
          const error = -reply.payload.readInt32LE(0);
          if (error > 0) throw new SyscallError('netlink', error, request.about);
          return;
        }
        each(reply.payload);
      }
    }
  }

  close(): void {
    check(libc.close(this.fd), 'close');
  }

  #send(requests: readonly Request[]): void {
    const datagram = Buffer.concat(requests.map((request) => encode(request, ++this.#sequence)));
    check(libc.send(this.fd, datagram, datagram.length, 0), 'send', 'netlink');
  }

  // The kernel answers within send(): a reply that is not there yet will never come.
  #receive(): Buffer {
    const length = check(libc.recv(this.fd, receiveBuffer, receiveBuffer.length, MSG_DONTWAIT), 'recv', 'netlink');
    return receiveBuffer.subarray(0, length);
  }
}

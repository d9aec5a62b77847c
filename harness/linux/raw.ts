import { macBytes, sockaddrIn, SOCKADDR_IN } from './address.ts';
import { check, errnoOf } from './errno.ts';
import { libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { enter } from './namespaces.ts';
import { PacketBatch } from './packet-batch.ts';
import { setInt } from './socket-options.ts';
import { close } from './sockets.ts';

export { PacketBatch } from './packet-batch.ts';

const AF_INET = 2;
const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_IP = 0;
const IPPROTO_RAW = 255;
const IP_HDRINCL = 3;
const ETH_P_IP = 0x0800;
const MSG_DONTWAIT = 0x40;

/** IPv4 packets as they are, raw(7): routed by `destination`, counted in IpOutTransmits; the kernel fills in the IP checksum. */
export class RawSender {
  readonly fd: Fd;

  constructor(ns: Fd) {
    this.fd = enter(ns, () => check(libc.socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), 'socket', 'SOCK_RAW'));
    setInt(this.fd, IPPROTO_IP, IP_HDRINCL, 1);
  }

  /** '' or the errno name. */
  send(packet: Buffer, destination: string): string {
    const address = sockaddrIn(destination, 0);
    return errnoOf(libc.sendto(this.fd, packet, packet.length, MSG_DONTWAIT, address, SOCKADDR_IN));
  }

  /** Slots of `slotBytes` each, all to `destination`. */
  batch(count: number, slotBytes: number, destination: string): PacketBatch {
    return new PacketBatch(this.fd, count, slotBytes, sockaddrIn(destination, 0));
  }

  close(): void {
    close(this.fd);
  }
}

/** IPv4 packets straight onto a link, packet(7): faster, past routing and its counters; checksums must be complete. */
export class LinkSender {
  readonly fd: Fd;
  readonly #address: Buffer;

  /** `mac` is the receiver's; the kernel writes the link header. */
  constructor(ns: Fd, ifindex: number, mac: string) {
    this.fd = enter(ns, () => check(libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', 'AF_PACKET'));
    this.#address = Buffer.alloc(20); // struct sockaddr_ll
    this.#address.writeUInt16LE(AF_PACKET, 0);
    this.#address.writeUInt16BE(ETH_P_IP, 2);
    this.#address.writeInt32LE(ifindex, 4);
    this.#address.writeUInt8(6, 11);
    macBytes(mac).copy(this.#address, 12);
  }

  batch(count: number, slotBytes: number): PacketBatch {
    return new PacketBatch(this.fd, count, slotBytes, this.#address);
  }

  close(): void {
    close(this.fd);
  }
}

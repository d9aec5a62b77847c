import { isIPv4 } from 'node:net';

export interface SocketAddress {
  address: string;
  port: number;
}

/** Bytes of a `struct sockaddr_in`. */
export const SOCKADDR_IN = 16;

/** The four bytes of a dotted IPv4 address; throws TypeError for anything else. */
export function ipv4(address: string): Buffer {
  if (!isIPv4(address)) throw new TypeError(`not an IPv4 address: ${address}`);
  return Buffer.from(address.split('.').map(Number));
}

export function formatIpv4(bytes: Buffer, at = 0): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** A `struct sockaddr_in`: family in the machine's order (little endian), port and address in network order. */
export function sockaddrIn(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_IN);
  bytes.writeUInt16LE(2, 0);
  bytes.writeUInt16BE(port, 2);
  ipv4(address).copy(bytes, 4);
  return bytes;
}

export function readSockaddrIn(bytes: Buffer): SocketAddress {
  return { address: formatIpv4(bytes, 4), port: bytes.readUInt16BE(2) };
}

/** The six bytes of `02:00:00:00:00:01`. */
export function macBytes(mac: string): Buffer {
  const bytes = Buffer.from(mac.replaceAll(':', ''), 'hex');
  if (bytes.length !== 6) throw new TypeError(`not a MAC address: ${mac}`);
  return bytes;
}

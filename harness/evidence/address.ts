/** The dotted form of the four bytes at `offset`. */
export function ipv4At(bytes: Buffer, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** The shortest form (RFC 5952) of the sixteen bytes at `offset`. */
export function ipv6At(bytes: Buffer, offset: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(offset + 2 * index).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The number of a dotted address, 0..2^32-1. Throws RangeError for what is none. */
export function ipv4Number(address: string): number {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    throw new RangeError(`\`${address}\` is no IPv4 address: four numbers 0..255 with dots, such as 192.0.2.1`);
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

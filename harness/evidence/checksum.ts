/** The Internet checksum (RFC 1071): 16-bit words are added, carries are folded, the complement is sent. */
export function sumOf(bytes: Buffer, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += bytes.readUInt16BE(at);
  return at < end ? sum + bytes.readUInt8(at) * 256 : sum;
}

/** The checksum of a sum of words; the sum may be up to 2^32-1. */
export function checksumOf(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  const twice = (once >>> 16) + (once & 0xffff);
  return ~twice & 0xffff;
}

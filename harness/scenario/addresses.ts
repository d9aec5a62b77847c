/** What a lab may talk to: documentation (RFC 5737), benchmarks (RFC 2544) and loopback, as network and prefix length. */
const LAB_NETWORKS: readonly (readonly [string, number])[] = [
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['198.18.0.0', 15],
  ['127.0.0.0', 8],
];

function numberOf(address: string): number | undefined {
  const bytes = address.split('.');
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255))
    return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** True for an IPv4 address, or a network `address/length`, that lies wholly inside the ranges a lab may use. */
export function isLabAddress(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const first = numberOf(address);
  if (first === undefined || rest.length > 0) return false;
  if (length !== undefined && !/^(\d|[12]\d|3[0-2])$/.test(length)) return false;
  const size = 2 ** (32 - Number(length ?? 32));
  return LAB_NETWORKS.some(([network, prefix]) => {
    const base = numberOf(network)!;
    return first >= base && first + size <= base + 2 ** (32 - prefix);
  });
}

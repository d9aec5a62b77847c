/** Networks that no real host has (RFC 5737): nothing that is sent to them can leave a lab. */
const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'] as const;

/** Hands out addresses so that labs that run side by side share none, and events can be told apart. */
export class AddressPool {
  readonly #free = NETWORKS.flatMap((network) => Array.from({ length: 254 }, (_, i) => `${network}.${i + 1}`));

  /** The lowest free addresses. */
  take(count: number): string[] {
    if (count > this.#free.length) throw new Error(`no ${count} addresses left for a lab: run fewer labs side by side (--jobs)`);
    return this.#free.splice(0, count);
  }

  give(addresses: readonly string[]): void {
    this.#free.push(...addresses);
    this.#free.sort((a, b) => rank(a) - rank(b));
  }
}

function rank(address: string): number {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
  return NETWORKS.indexOf(`${a}.${b}.${c}` as (typeof NETWORKS)[number]) * 256 + d;
}

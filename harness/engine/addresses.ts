/** Networks that no real host has (RFC 5737): nothing that is sent to them can leave a lab. */
const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'] as const;

const EVERY: readonly string[] = NETWORKS.flatMap((network) =>
  Array.from({ length: 254 }, (_, i) => `${network}.${i + 1}`),
);

/** Hands out addresses so that labs that run side by side share none, and events can be told apart. */
export class AddressPool {
  readonly #taken = new Set<string>();

  /** The lowest free addresses. */
  take(count: number): string[] {
    const addresses: string[] = [];
    for (const address of EVERY) {
      if (addresses.length === count) break;
      if (!this.#taken.has(address)) addresses.push(address);
    }
    if (addresses.length < count)
      throw new Error(`no ${count} addresses left for a lab: run fewer labs side by side (--jobs)`);
    for (const address of addresses) this.#taken.add(address);
    return addresses;
  }

  give(addresses: readonly string[]): void {
    for (const address of addresses) this.#taken.delete(address);
  }
}

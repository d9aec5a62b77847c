/** Releases, run in reverse order; one is registered as soon as there is something to release. */
export class Scope {
  readonly #releases: (() => unknown)[] = [];

  defer(release: () => unknown): void {
    this.#releases.push(release);
  }

  /** Runs every release; the failures come back, none hides another. */
  async close(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}

import { close, type Fd } from '../linux/sockets.ts';

/** The kernel tears a batch of namespaces down at the price of one, and holds up whoever makes links meanwhile. */
const BATCH = 128;

/** Namespaces whose labs are over, closed many at a time. */
export class Graveyard {
  readonly #dead: Fd[] = [];

  bury(ns: Fd): void {
    this.#dead.push(ns);
    if (this.#dead.length >= BATCH) this.empty();
  }

  empty(): void {
    for (const ns of this.#dead.splice(0)) close(ns);
  }
}

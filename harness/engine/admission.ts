import { setTimeout as pass } from 'node:timers/promises';
import { Semaphore } from './semaphore.ts';

/** Milliseconds that a turn of the event loop may be late before nobody else is let in. */
const LATE = 4;
const PAUSE = 1;
/** So many are let in unasked: they hardly disturb each other. */
const FEW = 8;

/**
 * Lets labs in: so many side by side, and the next one only when the event loop keeps its time. Building a lab costs
 * milliseconds of the one thread that also has to act in time in every lab that is up.
 */
export class Admission {
  readonly #slots: Semaphore;
  readonly #door = new Semaphore(1);
  #inside = 0;

  constructor(size: number) {
    this.#slots = new Semaphore(size);
  }

  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#slots.hold(async () => {
      if (this.#inside >= FEW) await this.#door.hold(calm);
      this.#inside += 1;
      try {
        return await work();
      } finally {
        this.#inside -= 1;
      }
    });
  }
}

async function calm(): Promise<void> {
  for (;;) {
    const start = performance.now();
    await pass(PAUSE);
    if (performance.now() - start - PAUSE < LATE) return;
  }
}

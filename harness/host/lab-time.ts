import { setImmediate as turn, setTimeout as pass } from 'node:timers/promises';
import { secondsOf } from '../scenario/duration.ts';

/** A state that was waited for and did not come: the scenario is broken, not the harness. */
export class NotReached extends Error {
  readonly what: string;
  constructor(what: string, seconds: number) {
    super(`not within ${seconds} s: ${what}`);
    this.what = what;
  }
}

/** How many waits are looking, in all labs: one look at the socket tables costs half a millisecond of the only thread. */
let polls = 0;

/** The time of one lab, and every way to wait in it. */
export class LabTime {
  #start = process.hrtime.bigint();

  /** Time counts from now. */
  protected restart(): void {
    this.#start = process.hrtime.bigint();
  }

  /** Seconds since the lab was up. */
  now(): number {
    return Number(process.hrtime.bigint() - this.#start) / 1e9;
  }

  async sleep(seconds: number, signal: AbortSignal): Promise<void> {
    if (seconds <= 0) await turn();
    else await pass(seconds * 1000, undefined, { signal }).catch(() => undefined);
  }

  /**
   * True when `done` came true within so many seconds. Looks often at first, then every few milliseconds, or as rarely as
   * leaves half of the thread to others.
   */
  async poll(done: () => boolean, seconds: number, signal: AbortSignal): Promise<boolean> {
    const start = this.now();
    polls += 1;
    try {
      for (;;) {
        const looked = this.now();
        if (done()) return true;
        const now = this.now();
        const waited = now - start;
        if (waited >= seconds || signal.aborted) return false;
        const soon = waited < 0.005 ? 0 : Math.min(0.001 + waited / 50, 0.01);
        await this.sleep(Math.max(soon, polls === 1 ? 0 : 2 * polls * (now - looked)), signal);
      }
    } finally {
      polls -= 1;
    }
  }

  /** Waits for a state; NotReached past the deadline. */
  async until(done: () => boolean, what: string, deadline: string, signal: AbortSignal): Promise<void> {
    const seconds = secondsOf(deadline)!;
    if (!(await this.poll(done, seconds, signal)) && !signal.aborted) throw new NotReached(what, seconds);
  }
}

import { writeSync } from 'node:fs';
import type { EngineEvent } from './protocol.ts';

const STDOUT = 1;
/** Holds the thread while the reader of the events is slow; nothing else in Node can wait for a full pipe at once. */
const gate = new Int32Array(new SharedArrayBuffer(4));

export type Emit = (event: EngineEvent) => void;

/** Writes an event as one line; every line is out when this returns. */
export const emit: Emit = (event) => {
  const line = Buffer.from(`${JSON.stringify(event)}\n`);
  for (let at = 0; at < line.length;) {
    try {
      at += writeSync(STDOUT, line, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(gate, 0, 0, 1);
    }
  }
};

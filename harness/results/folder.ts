import { createHash, randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EngineEvent } from '../engine/protocol.ts';
import { UsageError } from '../errors.ts';
import type { RunHead } from './collect.ts';
import type { Run, ScenarioRecord } from './record.ts';

export const RUN_FILE = 'run.json';
export const JOURNAL_FILE = 'journal.ndjson';

/** Where runs are kept: `--out`, else TCPLAB_RESULTS, else `results/` of the working directory. */
export function resultsDirectory(out: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(out ?? (env['TCPLAB_RESULTS'] || 'results'));
}

/** Sorts by time, and two runs of one second differ. */
export function newRunId(now: Date = new Date()): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${stamp}-${randomBytes(2).toString('hex')}`;
}

/** Writes a file so that a reader sees the old one or the whole new one. */
export function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

interface Capture {
  fd: number;
  name: string;
  hash: ReturnType<typeof createHash>;
}

/** The folder of one run while it happens. What came before a kill -9 stays readable: the journal has every record. */
export class RunFolder {
  readonly path: string;
  readonly captures = new Map<number, ScenarioRecord['pcapng']>();
  readonly #head: RunHead;
  readonly #journal: number;
  readonly #open = new Map<number, Capture>();

  /** @throws UsageError when the folder cannot be made or written */
  constructor(directory: string, head: RunHead) {
    this.path = join(directory, head.id);
    this.#head = head;
    try {
      mkdirSync(this.path, { recursive: true });
      accessSync(this.path, constants.W_OK);
      this.#journal = openSync(join(this.path, JOURNAL_FILE), 'w');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new UsageError(`cannot write results into ${directory}: ${why}`, 'choose another folder: --out DIR or TCPLAB_RESULTS=DIR');
    }
    this.#append({ type: 'head', ...head });
  }

  on(event: EngineEvent): void {
    if (event.type === 'pcapng') this.#capture(event.record, Buffer.from(event.data, 'base64'));
    else if (event.type !== 'step') this.#append(event);
  }

  /** Closes the captures, so that `captures` is whole. */
  closeCaptures(): void {
    for (const [record, { fd, name, hash }] of this.#open) {
      closeSync(fd);
      renameSync(join(this.path, `${name}.part`), join(this.path, name));
      this.captures.set(record, { file: name, sha256: hash.digest('hex') });
    }
    this.#open.clear();
  }

  /** Writes run.json; the journal has then served. */
  finish(run: Run): void {
    writeAtomically(join(this.path, RUN_FILE), `${JSON.stringify(run)}\n`);
    closeSync(this.#journal);
    rmSync(join(this.path, JOURNAL_FILE));
  }

  /** Takes the folder away again: nothing ran. */
  discard(): void {
    closeSync(this.#journal);
    rmSync(this.path, { recursive: true });
  }

  #append(line: object): void {
    writeSync(this.#journal, `${JSON.stringify(line)}\n`);
  }

  #capture(record: number, bytes: Buffer): void {
    let capture = this.#open.get(record);
    if (!capture) {
      const slug = (this.#head.request.plans[record]?.id ?? 'scenario').replaceAll(/[^a-zA-Z0-9]+/g, '-').replace(/^-/, '');
      const name = `${slug}-${record}.pcapng`;
      capture = { fd: openSync(join(this.path, `${name}.part`), 'w'), name, hash: createHash('sha256') };
      this.#open.set(record, capture);
    }
    // A short write to a regular file is legal (write(2)); the hash is of what stands in the file.
    for (let done = 0; done < bytes.length; ) done += writeSync(capture.fd, bytes, done);
    capture.hash.update(bytes);
  }
}

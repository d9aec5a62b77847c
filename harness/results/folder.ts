import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { EngineEvent } from '../engine/protocol.ts';
import { UsageError } from '../errors.ts';
import type { RunHead } from './collect.ts';
import type { Run, ScenarioRecord } from './record.ts';

export const RUN_FILE = 'run.json';
export const JOURNAL_FILE = 'journal.ndjson';

/** Where runs are kept: `--out`, else TCPLAB_RESULTS, else `results/` of the working directory. */
export function resultsDirectory(out: string | undefined, env: NodeJS.ProcessEnv, cwd: string): string {
  return resolve(cwd, out ?? (env['TCPLAB_RESULTS'] || 'results'));
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

/** mkdirSync with `recursive` never returns where mkdir(2) says ENOENT for a folder whose parent exists, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

interface Capture {
  fd: number;
  name: string;
  hash: ReturnType<typeof createHash>;
}

/** The folder of one run while it happens. What came before a kill -9 stays readable: the journal has every record. */
export class RunFolder {
  readonly path: string;
  readonly #head: RunHead;
  readonly #journal: number;
  readonly #open = new Map<number, Capture>();

  /** @throws UsageError when the folder cannot be made or written */
  constructor(directory: string, head: RunHead) {
    this.path = join(directory, head.id);
    this.#head = head;
    try {
      makeFolder(this.path);
      accessSync(this.path, constants.W_OK);
      this.#journal = openSync(join(this.path, JOURNAL_FILE), 'w');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new UsageError(
        `cannot write results into ${directory}: ${why}`,
        'choose another folder: --out DIR or TCPLAB_RESULTS=DIR',
      );
    }
    this.#append({ type: 'head', pid: process.pid, ...head });
  }

  /** Keeps what an event brings. @returns the event; a record then says where its packets lie. */
  on(event: EngineEvent): EngineEvent {
    if (event.type === 'pcapng') {
      this.#capture(event.record, Buffer.from(event.data, 'base64'));
      return event;
    }
    const kept =
      event.type === 'record' ? { ...event, value: { ...event.value, pcapng: this.#whole(event.record) } } : event;
    if (kept.type !== 'step') this.#append(kept);
    return kept;
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

  /** A record comes after its packets: the capture gets its name. */
  #whole(record: number): ScenarioRecord['pcapng'] {
    const capture = this.#open.get(record);
    if (!capture) return null;
    const { fd, name, hash } = capture;
    this.#open.delete(record);
    closeSync(fd);
    renameSync(join(this.path, `${name}.part`), join(this.path, name));
    return { file: name, sha256: hash.digest('hex') };
  }

  #capture(record: number, bytes: Buffer): void {
    let capture = this.#open.get(record);
    if (!capture) {
      const slug = (this.#head.request.plans[record]?.id ?? 'scenario')
        .replaceAll(/[^a-zA-Z0-9]+/g, '-')
        .replace(/^-/, '');
      const name = `${slug}-${record}.pcapng`;
      capture = { fd: openSync(join(this.path, `${name}.part`), 'w'), name, hash: createHash('sha256') };
      this.#open.set(record, capture);
    }
    // A short write to a regular file is legal (write(2)); the hash is of what stands in the file.
    for (let done = 0; done < bytes.length;) done += writeSync(capture.fd, bytes, done);
    capture.hash.update(bytes);
  }
}

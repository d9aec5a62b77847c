import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from '../evidence/model.ts';
import { FaultError } from '../errors.ts';
import type { Host } from './host.ts';
import type { LabTime } from './lab-time.ts';
import { live } from './live.ts';

/** Output of a program that is kept, bytes of each stream. */
const KEPT = 1 << 20;

/** A real program running inside a host, in a folder of its own, as the leader of its process group. */
export class Program {
  readonly outcome: Outcome;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #time: LabTime;
  #exit = -1;
  #signal = '';
  #running = true;
  #took = 0;
  #failure: Error | undefined;

  constructor(
    time: LabTime,
    host: Host,
    spec: {
      program: string;
      /** Where it runs; made if need be. */
      folder: string;
      argv: readonly string[];
      files: Readonly<Record<string, string>>;
      stdin: string | undefined;
    },
  ) {
    this.#time = time;
    const { folder } = spec;
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(spec.files)) writeFileSync(`${folder}/${name}`, text);
    const start = time.now();
    host.runsPrograms = true;
    // A fork takes the namespace of the thread that forks.
    this.#child = host.enter(() => spawn(spec.program, spec.argv, { cwd: folder, detached: true, stdio: 'pipe' }));
    const [stdout, stderr] = [collect(this.#child.stdout), collect(this.#child.stderr)];
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.end(spec.stdin ?? '');
    this.outcome = live({
      exit: () => this.#exit,
      signal: () => this.#signal,
      stdout,
      stderr,
      took: () => (this.#running ? time.now() - start : this.#took),
      running: () => this.#running,
      pid: () => this.#child.pid ?? 0,
    });
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        this.#running = false;
        resolve();
      };
      this.#child.once('error', (error) => {
        this.#failure = new FaultError(`cannot run ${spec.program}: ${error.message}`);
        ended();
      });
      this.#child.once('exit', () => {
        this.#took = time.now() - start;
      });
      this.#child.once('close', (code, signal) => {
        this.#exit = code ?? -1;
        this.#signal = signal ?? '';
        ended();
      });
    });
  }

  /** Waits until it ends; past the deadline it is killed. */
  async finish(deadline: number, signal: AbortSignal): Promise<void> {
    const timer = setTimeout(() => this.#send('SIGKILL'), Math.min(deadline * 1000, 2 ** 31 - 1));
    const stop = () => this.#send('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    await this.#exited;
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    if (this.#failure) throw this.#failure;
  }

  async kill(name: NodeJS.Signals, signal: AbortSignal): Promise<void> {
    this.#send(name);
    if (name === 'SIGSTOP') await this.#time.poll(() => this.#state() === 'T' || !this.#running, Infinity, signal);
    else if (name !== 'SIGCONT') await this.#time.poll(() => !this.#running, Infinity, signal);
  }

  /** Kills it and everything it started. */
  abandon(): void {
    this.#send('SIGKILL');
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy();
  }

  /** proc_pid_stat(5): `T` is stopped; '' when it is gone. */
  #state(): string {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1');
      return stat.charAt(stat.lastIndexOf(')') + 2);
    } catch {
      return '';
    }
  }

  #send(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // ESRCH: it is gone already.
    }
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (data: Buffer) => {
    if (text.length < KEPT) text += data.toString('utf8');
  });
  return () => text;
}

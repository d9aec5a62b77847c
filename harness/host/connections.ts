import { Socket } from 'node:net';
import type { FieldValue, Outcome } from '../evidence/model.ts';
import { bind, connect, getInt, localAddress, tcpSocket } from '../linux/sockets.ts';
import { errnoName, SyscallError } from '../linux/errno.ts';
import { setOptions } from '../linux/socket-options.ts';
import { tcpInfo } from '../linux/tcp-info.ts';
import type { End } from './end.ts';
import type { Host } from './host.ts';
import type { LabTime } from './lab-time.ts';
import { live } from './live.ts';
import { LibcEnd } from './libc-end.ts';
import { NodeEnd } from './node-end.ts';

const SOL_SOCKET = 1;
const SO_ERROR = 4;

export interface OpenOptions {
  count: number;
  /** Seconds between the starts of two connects. */
  every: number;
  port: number | undefined;
  via: 'node' | 'libc';
  read: boolean;
  /** Seconds after which the application gives up. */
  deadline: number | undefined;
  options: Readonly<Record<string, number>>;
}

interface Attempt {
  end: End;
  state: 'connecting' | 'connected' | 'failed';
  error: string;
  code: string;
}

/** Node may not have told yet what the kernel did already. */
function isConnected({ state, end }: Attempt): boolean {
  return state === 'connected' || (state === 'connecting' && !['SYN-SENT', 'CLOSED', 'UNCONN'].includes(end.state));
}

/** What one `connect` step opened. */
export class Connections {
  readonly host: Host;
  readonly #time: LabTime;
  readonly #to: { address: string; port: number };
  readonly #attempts: Attempt[] = [];
  #took = 0;

  constructor(time: LabTime, host: Host, to: { address: string; port: number }) {
    this.#time = time;
    this.host = host;
    this.#to = to;
    this.outcome = live(this.#fields());
  }

  get ends(): readonly End[] {
    return this.#attempts.map((attempt) => attempt.end);
  }

  /** Live fields, as the step's name shows them. */
  readonly outcome: Outcome;

  #fields(): Readonly<Record<string, () => FieldValue>> {
    const attempts = this.#attempts;
    const failed = () => attempts.filter((one) => one.state === 'failed');
    return {
      connected: () => attempts.filter(isConnected).length,
      failed: () => failed().length,
      error: () => failed()[0]?.error ?? '',
      code: () => failed()[0]?.code ?? '',
      errors: () => attempts.map((one) => one.error),
      took: () => this.#took,
      port: () => attempts[0]?.end.localPort ?? 0,
      ports: () => attempts.map((one) => one.end.localPort),
      state: () => attempts[0]?.end.state ?? '',
      states: () => attempts.map((one) => one.end.state),
      received: () => attempts[0]?.end.received ?? '',
      replies: () => attempts.map((one) => one.end.received),
      bytes: () => attempts.reduce((sum, one) => sum + one.end.received.length, 0),
      ended: () => attempts.length > 0 && attempts.every((one) => one.end.ended),
      lost: () => attempts.find((one) => one.state === 'connected' && one.end.lost !== '')?.end.lost ?? '',
      losses: () => attempts.map((one) => (one.state === 'connected' ? one.end.lost : '')),
    };
  }

  /** Starts every connection and resolves when each is established or failed. */
  async open(options: OpenOptions, signal: AbortSignal): Promise<void> {
    const start = this.#time.now();
    const settled: Promise<void>[] = [];
    for (let i = 0; i < options.count && !signal.aborted; i += 1) {
      const due = start + i * options.every;
      if (options.every > 0) await this.#time.sleep(due - this.#time.now(), signal);
      settled.push(this.#start(options, i, signal));
    }
    await Promise.all(settled);
    this.#took = this.#time.now() - start;
  }

  async #start(options: OpenOptions, index: number, signal: AbortSignal): Promise<void> {
    const fd = this.host.enter(tcpSocket);
    try {
      setOptions(fd, options.options);
      if (options.port !== undefined) bind(fd, this.host.address, options.port + index);
    } catch (error) {
      const end = new LibcEnd(fd, { local: 0, remote: this.#to.port }, this.#stateOf, false);
      end.abandon();
      if (!(error instanceof SyscallError && error.syscall === 'bind')) throw error;
      this.#attempts.push({ end, state: 'failed', error: error.errno, code: '' });
      return;
    }
    await (options.via === 'node' ? this.#byNode(fd, index, options, signal) : this.#byLibc(fd, options, signal));
  }

  #byNode(fd: number, index: number, options: OpenOptions, signal: AbortSignal): Promise<void> {
    const socket = new Socket({ fd, allowHalfOpen: true, manualStart: true } as ConstructorParameters<
      typeof Socket
    >[0]);
    if (!options.read) socket.pause();
    return new Promise((resolve) => {
      socket.connect({ host: this.#to.address, port: this.#to.port });
      const end = new NodeEnd(
        socket,
        fd,
        { local: options.port === undefined ? 0 : options.port + index, remote: this.#to.port },
        this.#stateOf,
      );
      // Node calls connect(2) in the next tick; right after it the port is known, whatever the answer will be.
      process.nextTick(() => end.localPort);
      const attempt: Attempt = { end, state: 'connecting', error: '', code: '' };
      this.#attempts.push(attempt);
      const timer = giveUp(options.deadline, () => {
        settle('failed', 'ETIMEDOUT (application)', '');
        socket.destroy();
      });
      const settle = (state: Attempt['state'], error: string, code: string) => {
        if (attempt.state === 'connecting') Object.assign(attempt, { state, error, code });
        clearTimeout(timer);
        resolve();
      };
      socket.once('connect', () => {
        if (options.read) socket.resume();
        settle('connected', '', '');
      });
      socket.once('error', (error: NodeJS.ErrnoException) =>
        settle(
          'failed',
          error.errno === undefined ? (error.code ?? error.message) : errnoName(-error.errno),
          error.code ?? '',
        ),
      );
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async #byLibc(fd: number, options: OpenOptions, signal: AbortSignal): Promise<void> {
    const errno = connect(fd, this.#to.address, this.#to.port);
    const ports = { local: localAddress(fd).port, remote: this.#to.port };
    const end = new LibcEnd(fd, ports, this.#stateOf, options.read);
    const attempt: Attempt = { end, state: 'connecting', error: '', code: '' };
    this.#attempts.push(attempt);
    let failure = errno === 'EINPROGRESS' ? '' : errno;
    const settled = () => {
      if (!end.open) failure ||= 'closed (application)';
      failure ||= errnoName(getInt(fd, SOL_SOCKET, SO_ERROR));
      return failure !== '' || tcpInfo(fd).state !== 'SYN-SENT';
    };
    const inTime = failure !== '' || (await this.#time.poll(settled, options.deadline ?? Infinity, signal));
    if (!inTime && !signal.aborted) {
      await end.close(undefined);
      failure = 'ETIMEDOUT (application)';
    }
    attempt.state = failure === '' ? 'connected' : 'failed';
    attempt.error = failure;
  }

  readonly #stateOf = (localPort: number): string => this.host.stateOf(localPort, this.#to);
}

function giveUp(seconds: number | undefined, action: () => void): NodeJS.Timeout | undefined {
  return seconds === undefined ? undefined : setTimeout(action, seconds * 1000);
}

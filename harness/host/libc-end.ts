import { setTimeout as pass } from 'node:timers/promises';
import { close, closeTimed, type Fd, recv, send, setLinger, shutdown } from '../linux/sockets.ts';
import { setOptions } from '../linux/socket-options.ts';
import { tcpInfo } from '../linux/tcp-info.ts';
import type { End, OptionValues } from './end.ts';
import type { StateOf } from './node-end.ts';

const CHUNK = Buffer.alloc(65536);

/** An end that bare system calls drive: no library between the scenario and the kernel. Reads only when somebody looks. */
export class LibcEnd implements End {
  readonly fd: Fd;
  readonly localPort: number;
  readonly remotePort: number;
  readonly #stateOf: StateOf;
  #reading: boolean;
  #open = true;
  #received = '';
  #marked = 0;
  #ended = false;
  #lost = '';

  constructor(fd: Fd, ports: { local: number; remote: number }, stateOf: StateOf, reading: boolean) {
    this.fd = fd;
    this.localPort = ports.local;
    this.remotePort = ports.remote;
    this.#stateOf = stateOf;
    this.#reading = reading;
  }

  /** False once it is closed: the number of its descriptor may name another socket by now. */
  get open(): boolean {
    return this.#open;
  }

  get state(): string {
    return this.#open ? tcpInfo(this.fd).state : this.#stateOf(this.localPort);
  }

  get received(): string {
    this.#pull();
    return this.#received;
  }

  get fresh(): string {
    return this.received.slice(this.#marked);
  }

  get ended(): boolean {
    this.#pull();
    return this.#ended;
  }

  get lost(): string {
    this.#pull();
    return this.#lost;
  }

  read(): void {
    this.#reading = true;
  }

  markRead(): void {
    this.#marked = this.received.length;
  }

  async send(data: Buffer): Promise<{ sent: number; error: string; code: string }> {
    let sent = 0;
    while (this.#open) {
      const { sent: taken, errno } = send(this.fd, data.subarray(sent));
      sent += taken;
      if (sent === data.length || (errno !== '' && errno !== 'EAGAIN')) return { sent, error: errno, code: '' };
      await pass(1);
    }
    return { sent, error: 'EBADF', code: '' };
  }

  async shutdown(how: 'read' | 'write' | 'both'): Promise<string> {
    return this.#open ? shutdown(this.fd, how) : 'EBADF';
  }

  async close(linger: number | undefined): Promise<{ error: string; took: number }> {
    if (!this.#open) return { error: 'EBADF', took: 0 };
    if (linger !== undefined) setLinger(this.fd, linger);
    this.#open = false;
    const { errno, seconds } = await closeTimed(this.fd);
    return { error: errno, took: seconds };
  }

  setOptions(options: OptionValues): void {
    setOptions(this.fd, options);
  }

  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    setLinger(this.fd, 0);
    close(this.fd);
  }

  #pull(): void {
    while (this.#open && this.#reading && !this.#ended && this.#lost === '') {
      const { received, errno } = recv(this.fd, CHUNK);
      if (errno === 'EAGAIN') return;
      if (errno !== '') this.#lost = errno;
      else if (received === 0) this.#ended = true;
      else this.#received += CHUNK.toString('latin1', 0, received);
    }
  }
}

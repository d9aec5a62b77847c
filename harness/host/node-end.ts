import type { Socket } from 'node:net';
import { closeTimed, dup, type Fd, localAddress, setLinger, shutdown } from '../linux/sockets.ts';
import { tcpInfo } from '../linux/tcp-info.ts';
import { setOptions } from '../linux/socket-options.ts';
import type { End, OptionValues } from './end.ts';

/** Where a closed socket's state can still be looked up. */
export type StateOf = (localPort: number) => string;

/** An end that a `net.Socket` drives. */
export class NodeEnd implements End {
  readonly socket: Socket;
  readonly fd: Fd;
  readonly remotePort: number;
  readonly #stateOf: StateOf;
  readonly #chunks: string[] = [];
  #localPort: number;
  #received = '';
  #marked = 0;
  ended = false;
  lost = '';
  code = '';

  /** `fd` is the socket's descriptor: Node keeps it, we only look at it and set options. */
  constructor(socket: Socket, fd: Fd, ports: { local: number; remote: number }, stateOf: StateOf) {
    this.socket = socket;
    this.fd = fd;
    this.#localPort = ports.local;
    this.remotePort = ports.remote;
    this.#stateOf = stateOf;
    socket.on('data', (data) => this.#chunks.push(data.toString('latin1')));
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.lost ||= error.code ?? error.message;
      this.code ||= error.code ?? '';
    });
  }

  /** 0 until connect() has chosen one. */
  get localPort(): number {
    if (this.#localPort === 0 && !this.socket.destroyed) this.#localPort = localAddress(this.fd).port;
    return this.#localPort;
  }

  get state(): string {
    return this.socket.destroyed ? this.#stateOf(this.localPort) : tcpInfo(this.fd).state;
  }

  get received(): string {
    if (this.#chunks.length > 0) this.#received += this.#chunks.splice(0).join('');
    return this.#received;
  }

  get fresh(): string {
    return this.received.slice(this.#marked);
  }

  markRead(): void {
    this.#marked = this.received.length;
  }

  read(): void {
    this.socket.resume();
  }

  send(data: Buffer): Promise<{ sent: number; error: string; code: string }> {
    const before = this.socket.bytesWritten - this.socket.writableLength;
    return new Promise((resolve) => {
      const done = (error?: NodeJS.ErrnoException | null) =>
        resolve({
          sent: error
            ? Math.max(0, this.socket.bytesWritten - this.socket.writableLength - before - data.length)
            : data.length,
          error: error ? errnoName(error) : '',
          code: error?.code ?? '',
        });
      this.socket.write(data, done);
    });
  }

  async shutdown(how: 'read' | 'write' | 'both'): Promise<string> {
    return this.socket.destroyed ? 'EBADF' : shutdown(this.fd, how);
  }

  async close(linger: number | undefined): Promise<{ error: string; took: number }> {
    if (this.socket.destroyed) return { error: 'EBADF', took: 0 };
    if (linger !== undefined) setLinger(this.fd, linger);
    if (linger === undefined || linger === 0) {
      const start = process.hrtime.bigint();
      this.socket.destroy();
      return { error: '', took: Number(process.hrtime.bigint() - start) / 1e9 };
    }
    // close() of a lingering socket blocks, non-blocking or not: the last reference is closed off this thread.
    const last = dup(this.fd);
    this.socket.destroy();
    const { errno, seconds } = await closeTimed(last);
    return { error: errno, took: seconds };
  }

  setOptions(options: OptionValues): void {
    setOptions(this.fd, options);
  }

  abandon(): void {
    this.socket.removeAllListeners();
    this.socket.on('error', () => undefined);
    this.socket.destroy();
  }
}

/** The system call's errno, where Node carries it as a number; else its code. */
function errnoName(error: NodeJS.ErrnoException): string {
  return error.code ?? 'EIO';
}

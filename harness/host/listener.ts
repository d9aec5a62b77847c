import { createServer, type Server, type Socket } from 'node:net';
import type { Outcome } from '../evidence/model.ts';
import { bind, close, dup, type Fd, listen, setInt, tcpSocket } from '../linux/sockets.ts';
import type { Host } from './host.ts';
import { live } from './live.ts';
import { NodeEnd } from './node-end.ts';

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;

/** What accepted connections get: nothing, their own bytes back, or a fixed reply to each message (or to each `to`). */
export type Service = 'nothing' | 'echo' | { reply: string; to?: string | undefined };

export interface ListenOptions {
  port: number;
  backlog: number;
  serve: Service;
  read: boolean;
}

/** A listening descriptor that the lab owns. A net.Server on a `dup` of it accepts, as long as somebody is to. */
export class Listener {
  readonly host: Host;
  readonly port: number;
  readonly outcome: Outcome;
  readonly ends: NodeEnd[] = [];
  readonly #fd: Fd;
  readonly #options: ListenOptions;
  #backlog: number;
  #server: Server | undefined;
  #open = true;

  private constructor(host: Host, fd: Fd, options: ListenOptions) {
    this.host = host;
    this.port = options.port;
    this.#fd = fd;
    this.#options = options;
    this.#backlog = options.backlog;
    const row = () => host.table.listener(host.address, this.port);
    this.outcome = live({
      port: () => this.port,
      queue: () => row()?.recvQ ?? -1,
      limit: () => row()?.sendQ ?? -1,
      synQueue: () => host.table.synRecv(this.port),
      drops: () => row()?.drops ?? -1,
      accepted: () => this.accepted,
      error: () => '',
    });
  }

  static open(host: Host, options: ListenOptions): Listener {
    const fd = host.enter(tcpSocket);
    try {
      setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      bind(fd, host.address, options.port);
      listen(fd, options.backlog);
    } catch (error) {
      close(fd);
      throw error;
    }
    return new Listener(host, fd, options);
  }

  get accepted(): number {
    return this.ends.length;
  }

  /** The end that accepted the connection from this port of the peer. */
  endOf(remotePort: number): NodeEnd | undefined {
    return this.ends.find((end) => end.remotePort === remotePort);
  }

  relisten(backlog: number): void {
    this.#backlog = backlog;
    listen(this.#fd, backlog);
  }

  /** Accepts from now on: all, or exactly so many more. */
  async resume(accept: 'all' | number): Promise<void> {
    await this.pause();
    let left = accept === 'all' ? Infinity : accept;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: !this.#options.read });
    server.on('connection', (socket) => {
      left -= 1;
      // Closing inside the N-th handler is exact: libuv takes one connection per poll event.
      if (left === 0) this.#stop();
      this.#adopt(socket);
    });
    this.#server = server;
    server.listen({ fd: dup(this.#fd) }, Math.max(1, this.#backlog));
    // Node turns some backlogs into 511 when it adopts a descriptor; this puts ours back.
    listen(this.#fd, this.#backlog);
  }

  /** Stops accepting; connections stay in the kernel's queue. */
  async pause(): Promise<void> {
    this.#stop();
  }

  /** Frees what the listener holds; un-accepted connections are reset by the kernel. */
  abandon(): void {
    this.#stop();
    for (const end of this.ends) end.abandon();
    if (this.#open) close(this.#fd);
    this.#open = false;
  }

  #stop(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #adopt(socket: Socket & { _handle?: { fd: number } }): void {
    const ports = { local: socket.localPort ?? 0, remote: socket.remotePort ?? 0 };
    const peer = { address: socket.remoteAddress ?? '', port: ports.remote };
    const stateOf = (local: number) => this.host.stateOf(local, peer);
    const end = new NodeEnd(socket, socket._handle?.fd ?? -1, ports, stateOf);
    this.ends.push(end);
    serve(socket, this.#options.serve);
    if (!this.#options.read) socket.pause();
  }
}

function serve(socket: Socket, service: Service): void {
  if (service === 'nothing') return;
  socket.on('end', () => socket.end());
  if (service === 'echo') {
    socket.on('data', (data) => socket.write(data));
    return;
  }
  let heard = '';
  socket.on('data', (data) => {
    heard += data.toString('latin1');
    const { to } = service;
    for (
      ;
      to === undefined ? heard !== '' : heard.includes(to);
      heard = to === undefined ? '' : heard.slice(heard.indexOf(to) + to.length)
    )
      socket.write(service.reply);
  });
}

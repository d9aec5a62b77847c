import { check, errnoName, errnoOf } from './errno.ts';
import { inPool, lastErrno, libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { readSockaddrIn, SOCKADDR_IN, sockaddrIn } from './address.ts';
import type { SocketAddress } from './address.ts';
import { lingeringClose } from './lingering-close.ts';
import { getLinger } from './socket-options.ts';

export type { Fd } from './libc.ts';
export type { SocketAddress } from './address.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const F_DUPFD_CLOEXEC = 1030;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;

const DIRECTIONS = { read: 0, write: 1, both: 2 } as const;
export type Direction = keyof typeof DIRECTIONS;

/** A non-blocking TCP socket in the namespace that the thread is in. */
export function tcpSocket(): Fd {
  return check(libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), 'socket');
}

export function bind(fd: Fd, address: string, port: number): void {
  check(libc.bind(fd, sockaddrIn(address, port), SOCKADDR_IN), 'bind', `${address}:${port}`);
}

export function listen(fd: Fd, backlog: number): void {
  check(libc.listen(fd, backlog), 'listen');
}

/** '' when connected at once, `EINPROGRESS` when begun, else the errno name. */
export function connect(fd: Fd, address: string, port: number): string {
  return errnoOf(libc.connect(fd, sockaddrIn(address, port), SOCKADDR_IN));
}

/** One connection from the accept queue, non-blocking; undefined when the queue is empty. */
export function accept(fd: Fd): Fd | undefined {
  const accepted = libc.accept4(fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted === -1 && errnoName(lastErrno()) === 'EAGAIN') return undefined;
  return check(accepted, 'accept4');
}

export function dup(fd: Fd): Fd {
  return check(libc.fcntl(fd, F_DUPFD_CLOEXEC, 0), 'fcntl', 'F_DUPFD_CLOEXEC');
}

export function close(fd: Fd): void {
  check(libc.close(fd), 'close');
}

/** close(2) in the pool: for what may block (linger, a bound packet socket waits for RCU grace periods). */
export async function closeAsync(fd: Fd): Promise<void> {
  await inPool(libc.close, fd);
}

/** close(2) with how long it blocked: SO_LINGER is about exactly that. `errno` is '' on success. */
export async function closeTimed(fd: Fd): Promise<{ errno: string; seconds: number }> {
  if (getLinger(fd) > 0) {
    const { errno, seconds } = await lingeringClose(fd);
    return { errno: errnoName(errno), seconds };
  }
  const start = process.hrtime.bigint();
  const errno = errnoOf(libc.close(fd));
  return { errno, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

/** '' or the errno name. */
export function shutdown(fd: Fd, how: Direction): string {
  return errnoOf(libc.shutdown(fd, DIRECTIONS[how]));
}

export async function shutdownAsync(fd: Fd, how: Direction): Promise<string> {
  return errnoName((await inPool(libc.shutdown, fd, DIRECTIONS[how])).errno);
}

/** Never blocks and never raises SIGPIPE: a full buffer is `EAGAIN`, a dead connection `EPIPE`. */
export function send(fd: Fd, data: Buffer): { sent: number; errno: string } {
  const sent = libc.send(fd, data, data.length, MSG_NOSIGNAL | MSG_DONTWAIT);
  return { sent: Math.max(0, sent), errno: errnoOf(sent) };
}

/** Never blocks. `received` 0 with errno '' is the end of the stream. */
export function recv(fd: Fd, into: Buffer): { received: number; errno: string } {
  const received = libc.recv(fd, into, into.length, MSG_DONTWAIT);
  return { received: Math.max(0, received), errno: errnoOf(received) };
}

export function localAddress(fd: Fd): SocketAddress {
  const bytes = Buffer.alloc(128);
  check(libc.getsockname(fd, bytes, [bytes.length]), 'getsockname');
  return readSockaddrIn(bytes);
}

export function peerAddress(fd: Fd): SocketAddress {
  const bytes = Buffer.alloc(128);
  check(libc.getpeername(fd, bytes, [bytes.length]), 'getpeername');
  return readSockaddrIn(bytes);
}

export { getInt, setInt, setLinger } from './socket-options.ts';
export { tcpInfo } from './tcp-info.ts';
export type { TcpInfo } from './tcp-info.ts';

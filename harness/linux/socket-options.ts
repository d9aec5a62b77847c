import { check } from './errno.ts';
import { libc } from './libc.ts';
import type { Fd } from './libc.ts';

const SOL_SOCKET = 1;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;

export interface SocketOption {
  level: number;
  option: number;
  /** `int` takes a C int, `linger` a `struct linger`. */
  kind: 'int' | 'linger';
}

const socketLevel = (option: number): SocketOption => ({ level: SOL_SOCKET, option, kind: 'int' });
const ipLevel = (option: number): SocketOption => ({ level: IPPROTO_IP, option, kind: 'int' });
const tcpLevel = (option: number): SocketOption => ({ level: IPPROTO_TCP, option, kind: 'int' });

/** Options by their C names; numbers from asm-generic/socket.h, linux/in.h and linux/tcp.h. */
export const SOCKET_OPTIONS: Readonly<Record<string, SocketOption>> = {
  SO_REUSEADDR: socketLevel(2),
  SO_ERROR: socketLevel(4),
  SO_DONTROUTE: socketLevel(5),
  SO_SNDBUF: socketLevel(7),
  SO_RCVBUF: socketLevel(8),
  SO_KEEPALIVE: socketLevel(9),
  SO_OOBINLINE: socketLevel(10),
  SO_PRIORITY: socketLevel(12),
  SO_LINGER: { level: SOL_SOCKET, option: 13, kind: 'linger' },
  SO_REUSEPORT: socketLevel(15),
  SO_RCVLOWAT: socketLevel(18),
  SO_SNDBUFFORCE: socketLevel(32),
  SO_RCVBUFFORCE: socketLevel(33),
  SO_MARK: socketLevel(36),
  SO_BUSY_POLL: socketLevel(46),
  SO_INCOMING_CPU: socketLevel(49),
  IP_TOS: ipLevel(1),
  IP_TTL: ipLevel(2),
  IP_RECVERR: ipLevel(11),
  IP_MTU_DISCOVER: ipLevel(10),
  IP_FREEBIND: ipLevel(15),
  IP_TRANSPARENT: ipLevel(19),
  IP_MINTTL: ipLevel(21),
  IP_BIND_ADDRESS_NO_PORT: ipLevel(24),
  TCP_NODELAY: tcpLevel(1),
  TCP_MAXSEG: tcpLevel(2),
  TCP_CORK: tcpLevel(3),
  TCP_KEEPIDLE: tcpLevel(4),
  TCP_KEEPINTVL: tcpLevel(5),
  TCP_KEEPCNT: tcpLevel(6),
  TCP_SYNCNT: tcpLevel(7),
  TCP_LINGER2: tcpLevel(8),
  TCP_DEFER_ACCEPT: tcpLevel(9),
  TCP_WINDOW_CLAMP: tcpLevel(10),
  TCP_QUICKACK: tcpLevel(12),
  TCP_THIN_LINEAR_TIMEOUTS: tcpLevel(16),
  TCP_USER_TIMEOUT: tcpLevel(18),
  TCP_FASTOPEN: tcpLevel(23),
  TCP_NOTSENT_LOWAT: tcpLevel(25),
  TCP_SAVE_SYN: tcpLevel(27),
  TCP_FASTOPEN_CONNECT: tcpLevel(30),
};

export function setBytes(fd: Fd, level: number, option: number, value: Buffer): void {
  check(libc.setsockopt(fd, level, option, value, value.length), 'setsockopt', `level ${level}, option ${option}`);
}

export function setInt(fd: Fd, level: number, option: number, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  setBytes(fd, level, option, bytes);
}

/** At most `size` bytes; shorter when the kernel returns fewer. */
export function getBytes(fd: Fd, level: number, option: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const length = [size];
  check(libc.getsockopt(fd, level, option, bytes, length), 'getsockopt', `level ${level}, option ${option}`);
  return bytes.subarray(0, length[0]);
}

export function getInt(fd: Fd, level: number, option: number): number {
  return getBytes(fd, level, option, 4).readInt32LE();
}

/** SO_LINGER, socket(7): `off`, or on with whole seconds (0 makes close() send a RST). */
export function setLinger(fd: Fd, seconds: number | 'off'): void {
  const bytes = Buffer.alloc(8);
  if (seconds !== 'off') {
    bytes.writeInt32LE(1, 0);
    bytes.writeInt32LE(seconds, 4);
  }
  setBytes(fd, SOL_SOCKET, 13, bytes);
}

/** Seconds of SO_LINGER; -1 when it is off. */
export function getLinger(fd: Fd): number {
  const bytes = getBytes(fd, SOL_SOCKET, 13, 8);
  return bytes.readInt32LE(0) === 0 ? -1 : bytes.readInt32LE(4);
}

/** Options by C name; SO_LINGER takes seconds, a negative number is off. Throws for a name that is not in the table. */
export function setOptions(fd: Fd, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    const known = SOCKET_OPTIONS[name];
    if (!known) throw new TypeError(`unknown socket option ${name}`);
    if (known.kind === 'linger') setLinger(fd, value < 0 ? 'off' : value);
    else setInt(fd, known.level, known.option, value);
  }
}

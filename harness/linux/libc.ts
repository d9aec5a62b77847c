import koffi from 'koffi';

/** A file descriptor. Owned by whoever made it, closed once. */
export type Fd = number;

interface Call<A extends unknown[], R> {
  (...args: A): R;
  async: (...args: [...A, (error: Error | null, result: R) => void]) => void;
}

// The program's own symbols: glibc or musl, whichever Node is linked with.
const program = koffi.load(null);

function call<A extends unknown[], R = number>(prototype: string): Call<A, R> {
  return program.func(prototype);
}

type Word = number;
type Address = bigint;

/** System calls as the C library declares them; `ssize_t` is `intptr_t` to koffi. Private to `linux/`. */
export const libc = {
  socket: call<[Word, Word, Word]>('int socket(int, int, int)'),
  bind: call<[Fd, Buffer, Word]>('int bind(int, const void *, uint32_t)'),
  listen: call<[Fd, Word]>('int listen(int, int)'),
  connect: call<[Fd, Buffer, Word]>('int connect(int, const void *, uint32_t)'),
  accept4: call<[Fd, null, null, Word]>('int accept4(int, void *, void *, int)'),
  getsockname: call<[Fd, Buffer, number[]]>('int getsockname(int, void *, _Inout_ uint32_t *)'),
  getpeername: call<[Fd, Buffer, number[]]>('int getpeername(int, void *, _Inout_ uint32_t *)'),
  setsockopt: call<[Fd, Word, Word, Buffer, Word]>('int setsockopt(int, int, int, const void *, uint32_t)'),
  getsockopt: call<[Fd, Word, Word, Buffer, number[]]>('int getsockopt(int, int, int, void *, _Inout_ uint32_t *)'),
  shutdown: call<[Fd, Word]>('int shutdown(int, int)'),
  send: call<[Fd, Buffer, Word, Word]>('intptr_t send(int, const void *, size_t, int)'),
  sendto: call<[Fd, Buffer, Word, Word, Buffer, Word]>(
    'intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)',
  ),
  recv: call<[Fd, Buffer, Word, Word]>('intptr_t recv(int, void *, size_t, int)'),
  sendmmsg: call<[Fd, Address, Word, Word]>('int sendmmsg(int, uintptr_t, unsigned int, int)'),
  fcntl: call<[Fd, Word, Word]>('int fcntl(int, int, int)'),
  open: call<[string, Word]>('int open(const char *, int)'),
  read: call<[Fd, Buffer, Word]>('intptr_t read(int, void *, size_t)'),
  write: call<[Fd, Buffer, Word]>('intptr_t write(int, const void *, size_t)'),
  close: call<[Fd]>('int close(int)'),
  mmap: call<[null, Word, Word, Word, Fd, Word], unknown>('void *mmap(void *, size_t, int, int, int, intptr_t)'),
  munmap: call<[unknown, Word]>('int munmap(void *, size_t)'),
  unshare: call<[Word]>('int unshare(int)'),
  setns: call<[Fd, Word]>('int setns(int, int)'),
  mount: call<[string | null, string, string | null, Word, string | null]>(
    'int mount(const char *, const char *, const char *, unsigned long, const char *)',
  ),
  /** mount_setattr(2) has no wrapper before glibc 2.36. */
  mountSetattr: call<[Word, Word, string, Word, Buffer, Word]>(
    'long syscall(long, int, const char *, unsigned int, void *, size_t)',
  ),
  ioctl: call<[Fd, Word, Buffer]>('int ioctl(int, unsigned long, void *)'),
  waitpid: call<[Word, null, Word]>('int waitpid(int, void *, int)'),
  prctl: call<[Word, Word, Word, Word, Word]>(
    'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
  ),
  /** A null third argument is never looked at. */
  pthread_sigmask: call<[Word, Buffer, null]>('int pthread_sigmask(int, const void *, void *)'),
  clock_gettime: call<[Word, Buffer]>('int clock_gettime(int, void *)'),
  clock_getres: call<[Word, Buffer]>('int clock_getres(int, void *)'),
};

export interface AsyncResult<R> {
  result: R;
  /** errno of this very call, 0 when it returned no error. */
  errno: number;
}

/** koffi refuses more asynchronous calls at once than 256 (its max_async_calls); the pool has fewer threads anyway. */
const MOST_AT_ONCE = 128;
let running = 0;
const waiting: (() => void)[] = [];

/** The same call on a thread of the libuv pool: for what may block or wait for an RCU grace period. */
export async function inPool<A extends unknown[], R>(name: Call<A, R>, ...args: A): Promise<AsyncResult<R>> {
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await pooled(name, args);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

function pooled<A extends unknown[], R>(name: Call<A, R>, args: A): Promise<AsyncResult<R>> {
  return new Promise((resolve, reject) => {
    name.async(...args, (error, result) => {
      const errno = koffi.errno();
      if (error) reject(error);
      else resolve({ result, errno: result === -1 ? errno : 0 });
    });
  });
}

/** The address of a pointer, or of a buffer's first byte: valid while it lives, and larger than 64 bytes (smaller ones may move). */
export function addressOf(memory: unknown): bigint {
  return koffi.address(memory);
}

/** The memory behind a pointer that `mmap` returned. */
export function memoryAt(pointer: unknown, bytes: number): ArrayBuffer {
  return koffi.view(pointer, bytes);
}

export function lastErrno(): number {
  return koffi.errno();
}

export const ERRNO: Readonly<Record<string, number>> = koffi.os.errno;

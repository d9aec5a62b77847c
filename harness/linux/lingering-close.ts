import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { lastErrno, libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { homeNamespace } from './namespaces.ts';

const SIG_SETMASK = 2;
const F_DUPFD_CLOEXEC = 1030;
/** sigset_t of the kernel, glibc and musl fits; all ones is every signal that can be blocked. */
const EVERY_SIGNAL = Buffer.alloc(128, 0xff);
/** What the two threads tell each other. */
const GO = 1;
const CLOSING = 2;
/** Nanoseconds from CLOSING on after which the descriptor's number must have been taken by another thread. */
const LONG_ENOUGH = 100_000_000n;

export interface LingeringClose {
  /** 0 on success. */
  errno: number;
  seconds: number;
}

/**
 * close(2) that may block, on a thread of its own. Two things would end it early: a pending signal (sk_stream_wait_close()),
 * so all are blocked there; and a second reference to the socket, as a child has between fork and exec, so this thread,
 * the only one that forks, stays here until the descriptor is gone from the table.
 */
export function lingeringClose(fd: Fd): Promise<LingeringClose> {
  const go = new Int32Array(new SharedArrayBuffer(4));
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { lingering: { fd, go } } });
    worker.once('error', reject);
    worker.once('message', () => {
      worker.once('message', resolve);
      Atomics.store(go, 0, GO);
      Atomics.notify(go, 0);
      while (Atomics.load(go, 0) !== CLOSING) Atomics.wait(go, 0, GO);
      const start = process.hrtime.bigint();
      while (isTaken(fd) && process.hrtime.bigint() - start < LONG_ENOUGH);
    });
  });
}

/**
 * Whether a descriptor's number is in use, told by where a duplicate of another one lands. Asking the descriptor itself would
 * take a reference for as long as the question lasts, and the close() that meets it would not be the last one.
 */
function isTaken(fd: Fd): boolean {
  const lowest = libc.fcntl(homeNamespace(), F_DUPFD_CLOEXEC, fd);
  if (lowest !== -1) libc.close(lowest);
  return lowest !== fd;
}

function closeHere({ fd, go }: { fd: Fd; go: Int32Array<SharedArrayBuffer> }): LingeringClose {
  libc.pthread_sigmask(SIG_SETMASK, EVERY_SIGNAL, null);
  parentPort?.postMessage('ready');
  Atomics.wait(go, 0, 0);
  Atomics.store(go, 0, CLOSING);
  Atomics.notify(go, 0);
  const start = process.hrtime.bigint();
  const result = libc.close(fd);
  const errno = result === -1 ? lastErrno() : 0;
  return { errno, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

const { lingering } = (workerData ?? {}) as { lingering?: Parameters<typeof closeHere>[0] };
if (!isMainThread && lingering) parentPort?.postMessage(closeHere(lingering));

import { check, SyscallError } from './errno.ts';
import { inPool, lastErrno, libc } from './libc.ts';
import type { Fd } from './libc.ts';

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0o2000000;

let home: Fd | undefined;

function currentNamespace(): Fd {
  const fd = libc.open('/proc/thread-self/ns/net', O_CLOEXEC);
  // /proc/thread-self is Linux 3.17; on the main thread /proc/self is the same thread.
  if (fd === -1 && new SyscallError('open', lastErrno()).errno === 'ENOENT') {
    return check(libc.open('/proc/self/ns/net', O_CLOEXEC), 'open', '/proc/self/ns/net');
  }
  return check(fd, 'open', '/proc/thread-self/ns/net');
}

/** The namespace that the engine itself lives in; never close it. */
export function homeNamespace(): Fd {
  home ??= currentNamespace();
  return home;
}

/** Starts the libuv pool, whose threads would else be born inside the first host that is made. */
export async function warmPool(): Promise<void> {
  homeNamespace();
  await inPool(libc.fcntl, homeNamespace(), 1, 0);
}

/** A fresh network namespace: it lives until this descriptor, its sockets and its processes are gone. */
export function newNetNamespace(): Fd {
  const back = homeNamespace();
  check(libc.unshare(CLONE_NEWNET), 'unshare', 'CLONE_NEWNET');
  try {
    return currentNamespace();
  } finally {
    check(libc.setns(back, CLONE_NEWNET), 'setns', 'home');
  }
}

/** Runs a synchronous function inside a namespace: what it opens or spawns belongs there. Nests. */
export function enter<T>(ns: Fd, fn: () => T): T {
  const back = inside ?? homeNamespace();
  check(libc.setns(ns, CLONE_NEWNET), 'setns');
  const outer = inside;
  inside = ns;
  try {
    const result = fn();
    if (result instanceof Promise) throw new TypeError('enter() takes a synchronous function: await would leave it');
    return result;
  } finally {
    inside = outer;
    check(libc.setns(back, CLONE_NEWNET), 'setns', 'back');
  }
}

let inside: Fd | undefined;

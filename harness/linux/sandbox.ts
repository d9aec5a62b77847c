import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { check } from './errno.ts';
import { libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { makeReadOnly, makeWritable } from './mounts.ts';
import { homeNamespace } from './namespaces.ts';
import { Rtnetlink } from './rtnetlink.ts';

const MS = { NOSUID: 2, NODEV: 4, BIND: 4096, REC: 16384, PRIVATE: 1 << 18 } as const;
const NET_SYSCTLS = '/proc/sys/net';
const PR_SET_NO_NEW_PRIVS = 38;
const O_PATH_CLOEXEC = 0o10000000 | 0o2000000;

/** Directories that start empty and writable, with their mode. */
const FRESH: Readonly<Record<string, string>> = { '/run': '0755', '/tmp': '1777', '/var': '0755', '/dev/shm': '1777' };

/**
 * Shuts the machine's files off: `/` read-only with everything below it, empty tmpfs on /run, /tmp, /var and /dev/shm,
 * `lo` up, no_new_privs; of /proc only the network sysctls can be written. Once, as the first act of a process in new pid, mount and network namespaces, as root or as root
 * of a user namespace. Directories in `keep` stay where they are, read-only. Returns what could not be done.
 */
export function enterSandbox({ keep }: { keep: readonly string[] }): string[] {
  const undone: string[] = [];
  const attempt = (what: string, act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      undone.push(`${what}: ${error.message}`);
    }
  };
  const directory = process.cwd();
  const kept = keep.filter((path) => existsSync(path)).map((path) => openDirectory(realpathSync(path)));

  // Nothing that is mounted here may reach the machine.
  check(libc.mount(null, '/', null, MS.REC | MS.PRIVATE, null), 'mount', 'private /');
  undone.push(...makeReadOnly());
  // Of /proc only the sysctls that belong to network namespaces: kernel.* and sysrq-trigger are the machine's.
  attempt('writable /proc/sys/net', () => {
    check(libc.mount(NET_SYSCTLS, NET_SYSCTLS, null, MS.BIND, null), 'mount', NET_SYSCTLS);
    makeWritable(NET_SYSCTLS);
  });
  const fresh = Object.keys(FRESH).filter((path) => existsSync(path) && realpathSync(path) === path);
  for (const path of fresh) {
    const options = `mode=${FRESH[path]}`;
    attempt(`tmpfs on ${path}`, () => {
      check(libc.mount('tmpfs', path, 'tmpfs', MS.NOSUID | MS.NODEV, options), 'mount', path);
    });
  }
  attempt('/var/tmp', () => mkdirSync('/var/tmp', { mode: 0o777 }));
  for (const { path, fd } of kept) {
    if (fresh.some((one) => path === one || path.startsWith(`${one}/`)))
      attempt(`keep ${path}`, () => bindAgain(fd, path));
    libc.close(fd);
  }

  attempt('working directory', () => process.chdir(existsSync(directory) ? directory : '/'));
  attempt('lo up', () => {
    const network = new Rtnetlink(homeNamespace());
    network.configure({ loopback: true });
    network.close();
  });
  attempt('no_new_privs', () => check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'prctl'));
  return undone;
}

function openDirectory(path: string): { path: string; fd: Fd } {
  return { path, fd: check(libc.open(path, O_PATH_CLOEXEC), 'open', path) };
}

// The descriptor still leads to the directory under the tmpfs.
function bindAgain(fd: Fd, path: string): void {
  mkdirSync(path, { recursive: true });
  check(libc.mount(`/proc/self/fd/${fd}`, path, null, MS.BIND | MS.REC, null), 'mount', path);
}

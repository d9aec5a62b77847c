import { readFileSync } from 'node:fs';
import { check, errnoOf } from './errno.ts';
import { libc } from './libc.ts';

const SYS_MOUNT_SETATTR = 442;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const MOUNT_ATTR_RDONLY = 1n;
const MS_REMOUNT_BIND = 32 | 4096;
const MS_RDONLY = 1;

/** Mount options that a remount has to repeat: in a user namespace they are locked, mount_namespaces(7). */
const OPTIONS: Readonly<Record<string, number>> = {
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  noatime: 1024,
  nodiratime: 2048,
  relatime: 1 << 21,
};

interface Mount {
  path: string;
  options: string[];
}

// Fields 5 and 6 of /proc/self/mountinfo, proc(5); spaces and the like stand there as octal.
function mounts(): Mount[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [, , , , path = '', options = ''] = line.split(' ');
    const plain = path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return { path: plain, options: options.split(',') };
  });
}

function setAttributes(path: string, flags: number, set: bigint, clear: bigint): number {
  const attributes = Buffer.alloc(32); // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
  attributes.writeBigUInt64LE(set, 0);
  attributes.writeBigUInt64LE(clear, 8);
  return libc.mountSetattr(SYS_MOUNT_SETATTR, AT_FDCWD, path, flags, attributes, attributes.length);
}

function remount({ path, options }: Mount, readOnly: boolean): string {
  let flags = MS_REMOUNT_BIND | (readOnly ? MS_RDONLY : 0);
  for (const option of options) flags |= OPTIONS[option] ?? 0;
  return errnoOf(libc.mount(null, path, null, flags, null));
}

/** Every mount of this mount namespace read-only, by one mount_setattr(2) (5.12) or one by one; what stayed writable. */
export function makeReadOnly(): string[] {
  if (setAttributes('/', AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0n) === 0) return [];
  return remountAll();
}

/** The way of kernels before 5.12. */
export function remountAll(): string[] {
  const failed: string[] = [];
  const all = mounts();
  all.forEach((mount, place) => {
    // A mount under a later one at the same place cannot be reached, by nobody.
    const hidden = all
      .slice(place + 1)
      .some((later) => mount.path === later.path || mount.path.startsWith(`${later.path}/`));
    if (hidden || mount.options.includes('ro')) return;
    const errno = remount(mount, true);
    if (errno !== '') failed.push(`read-only ${mount.path}: ${errno}`);
  });
  return failed;
}

/** Makes one mount writable again; throws where it cannot be. */
export function makeWritable(path: string): void {
  if (setAttributes(path, 0, 0n, MOUNT_ATTR_RDONLY) === 0) return;
  const mount = mounts().findLast((one) => one.path === path);
  if (!mount) throw new Error(`nothing is mounted on ${path}`);
  const errno = remount(mount, false);
  check(errno === '' ? 0 : -1, 'mount', `${path} ${errno}`);
}

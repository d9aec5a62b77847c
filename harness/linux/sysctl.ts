import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Fd } from './libc.ts';
import { SyscallError } from './errno.ts';
import { enter, homeNamespace, newNetNamespace } from './namespaces.ts';

const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

/** `net.ipv4.conf.all.rp_filter` to its file below /proc/sys, sysctl(8). */
export function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`;
}

function failure(error: unknown, name: string): SyscallError {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
  return new SyscallError('sysctl', -error.errno, name);
}

/** The value, without the newline; undefined where this kernel, or this namespace, has none of that name. */
export function readSysctl(ns: Fd, name: string): string | undefined {
  try {
    return enter(ns, () => readFileSync(sysctlPath(name), 'latin1')).trimEnd();
  } catch (error) {
    const failed = failure(error, name);
    if (failed.errno === 'ENOENT' || failed.errno === 'ENOTDIR') return undefined;
    throw failed;
  }
}

/** Throws SyscallError (`EINVAL`) for a value that the kernel refuses. */
export function writeSysctl(ns: Fd, name: string, value: string | number): 'written' | 'absent' | 'readonly' {
  try {
    // Without O_CREAT and O_TRUNC: a name that is absent stays absent.
    enter(ns, () => writeFileSync(sysctlPath(name), `${value}\n`, { flag: 'r+' }));
    return 'written';
  } catch (error) {
    const failed = failure(error, name);
    if (failed.errno === 'ENOENT' || failed.errno === 'ENOTDIR') return 'absent';
    if (READ_ONLY.has(failed.errno)) return 'readonly';
    throw failed;
  }
}

export type SysctlScope = 'namespace' | 'global' | 'absent';

const scopes = new Map<string, SysctlScope>();
// A fresh namespace has no links yet; `default` has the same knobs.
const PER_LINK = /^(net\.ipv[46]\.(?:conf|neigh))\..+\.(?=[^.]+$)/;
let fresh: Fd | undefined;

/**
 * Whether each network namespace has its own value. Only the initial namespace shows a global one, so that from inside
 * a sandbox `absent` also means global.
 */
export function sysctlScope(name: string): SysctlScope {
  let scope = scopes.get(name);
  if (scope === undefined) {
    fresh ??= newNetNamespace();
    const mode = modeIn(fresh, name.replace(PER_LINK, '$1.default.'));
    if (mode !== undefined && (mode & 0o222) !== 0) scope = 'namespace';
    else scope = mode === undefined && modeIn(homeNamespace(), name) === undefined ? 'absent' : 'global';
    scopes.set(name, scope);
  }
  return scope;
}

export function isPerNamespace(name: string): boolean {
  return sysctlScope(name) === 'namespace';
}

function modeIn(ns: Fd, name: string): number | undefined {
  return enter(ns, () => statSync(sysctlPath(name), { throwIfNoEntry: false })?.mode);
}

import { readFileSync } from 'node:fs';
import { release } from 'node:os';

export interface KernelIdentity {
  /** `uname -r` */
  release: string;
  /** All of /proc/version: Debian's upstream version stands only there. */
  version: string;
  /** /proc/version_signature, where Ubuntu names its upstream version. */
  signature?: string;
}

function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}

export function kernelIdentity(): KernelIdentity {
  const signature = readLine('/proc/version_signature');
  return {
    release: release(),
    version: readLine('/proc/version') ?? '',
    ...(signature === undefined ? {} : { signature }),
  };
}

/** Whether trace events can be read: they need tracefs and the initial user namespace's root. `why` is '' when they can. */
export function hasTracing(): { ok: boolean; why: string } {
  const no = (why: string): { ok: boolean; why: string } => ({ ok: false, why });
  if (!readLine('/proc/filesystems')?.split(/\s+/).includes('tracefs')) return no('this kernel has no tracefs');
  if (process.geteuid?.() !== 0) return no('trace events need root');
  const [inside, outside, count] = (readLine('/proc/self/uid_map') ?? '').split(/\s+/).map(Number);
  if (inside !== 0 || outside !== 0 || count !== 4294967295) {
    return no('trace events need root outside of a user namespace');
  }
  return { ok: true, why: '' };
}

/** Root of the machine, and not only of a user namespace: user_namespaces(7), /proc/PID/uid_map. */
export function isRealRoot(): boolean {
  const [inside, outside, length] = readFileSync('/proc/self/uid_map', 'latin1').trim().split(/\s+/);
  return process.getuid?.() === 0 && inside === '0' && outside === '0' && length === '4294967295';
}

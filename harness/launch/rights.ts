import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { UnableError } from '../errors.ts';
import { sandboxCommand } from './sandbox.ts';

export interface Machine {
  /** Whether we have root's rights without a user namespace. */
  root: boolean;
  /** Starts a sandbox that does nothing; undefined when it worked, else what was said. */
  trySandbox(): Promise<string | undefined>;
  /** A file below `/proc/sys`, undefined when this kernel has none of that name. */
  setting(name: string): Promise<string | undefined>;
}

/** Settings that forbid user namespaces, the value that does, and the one that allows them. */
const FORBIDDING = [
  { name: 'kernel.unprivileged_userns_clone', value: '0', allow: '1' },
  { name: 'user.max_user_namespaces', value: '0', allow: '10000' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', value: '1', allow: '0' },
];

export const thisMachine: Machine = {
  root: process.geteuid?.() === 0,
  async trySandbox() {
    const [file, args] = sandboxCommand(['true'], { userNamespace: !thisMachine.root });
    const { failed, stderr, shortMessage } = await execa(file, args, {
      reject: false,
      stdin: 'ignore',
      timeout: 10_000,
    });
    if (!failed) return undefined;
    return stderr.trim() === '' ? (shortMessage ?? 'it failed without a word') : stderr.trim();
  },
  async setting(name) {
    try {
      return (await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8')).trim();
    } catch {
      return undefined;
    }
  },
};

/**
 * Starts a real sandbox, for only a try tells.
 * @throws UnableError with the setting that forbids it, where one does.
 */
export async function demandSandbox(machine: Machine = thisMachine): Promise<void> {
  const said = await machine.trySandbox();
  if (said === undefined) return;
  if (machine.root && /propagation: Invalid argument/.test(said)) {
    throw new UnableError(
      `no sandbox can be started in a chroot whose / is no mount point: ${said}`,
      'outside of it: mount --bind DIR DIR, then chroot DIR',
    );
  }
  if (machine.root) {
    throw new UnableError(
      `no sandbox can be started, though we are root: ${said}`,
      'inside a container, give it CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged)',
    );
  }
  for (const { name, value, allow } of FORBIDDING) {
    if ((await machine.setting(name)) === value) {
      throw new UnableError(
        `${name}=${value} forbids user namespaces, without which an ordinary user has no lab: ${said}`,
        `run tcplab as root, or allow them: sudo sysctl -w ${name}=${allow}`,
      );
    }
  }
  throw new UnableError(
    `no user namespace can be started: ${said}`,
    'run tcplab as root (in a chroot and in most containers the kernel gives user namespaces to nobody else)',
  );
}

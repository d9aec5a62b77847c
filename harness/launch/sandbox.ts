/** Folders that programs write to; in the sandbox each is empty and in memory. */
const SCRATCH = ['/run', '/tmp', '/var'];

export interface Sandbox {
  /** Rights come from a user namespace in which the caller is root. */
  userNamespace: boolean;
  /** Folders that must stay visible, though below a scratch folder. */
  keep: readonly string[];
}

/**
 * The command that runs `argv` as pid 1 of fresh pid, mount and network namespaces, with `/` read-only.
 * When it ends, or `unshare`, or the thread that spawned it, the kernel kills every process inside, and with
 * the last of them go the namespaces, links and mounts (pid_namespaces(7), PR_SET_PDEATHSIG(2const)).
 */
export function sandboxCommand(argv: readonly string[], { userNamespace, keep }: Sandbox): [string, string[]] {
  const user = userNamespace ? ['--user', '--map-root-user'] : [];
  const unshare = ['unshare', '--fork', '--kill-child', '--pid', '--mount-proc', '--net', '--mount', ...user];
  return ['setpriv', ['--pdeathsig', 'KILL', '--', ...unshare, '--', 'sh', '-ec', mounts(keep), 'sh', ...argv]];
}

/** A kept folder is opened before its parent is covered and bound again from the descriptor. */
function mounts(keep: readonly string[]): string {
  const hidden = keep.filter((folder) => SCRATCH.some((scratch) => folder.startsWith(`${scratch}/`)));
  const fds = hidden.map((folder, index) => ({ folder: quote(folder), fd: index + 3 }));
  return [
    ...fds.map(({ folder, fd }) => `exec ${fd}<${folder}`),
    'mount -o remount,bind,ro /',
    ...SCRATCH.map((folder) => `mount -t tmpfs -o mode=1777 tmpfs ${folder}`),
    ...fds.map(({ folder, fd }) => `mkdir -p ${folder}; mount -c --bind /proc/self/fd/${fd} ${folder}; exec ${fd}<&-`),
    'exec "$@"',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

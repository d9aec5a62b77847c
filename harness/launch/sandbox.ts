/**
 * The command that runs `argv` as pid 1 of fresh pid, mount and network namespaces; an ordinary user gets the rights
 * for it from a user namespace. When it ends, or `unshare`, or the thread that spawned it, the kernel kills every
 * process inside, and with the last of them go the namespaces, links and mounts (pid_namespaces(7),
 * PR_SET_PDEATHSIG(2const)). The machine's files are shut off by the engine itself, as its first act.
 */
export function sandboxCommand(
  argv: readonly string[],
  { userNamespace }: { userNamespace: boolean },
): [string, string[]] {
  const user = userNamespace ? ['--user', '--map-root-user'] : [];
  const unshare = ['unshare', '--fork', '--kill-child', '--pid', '--mount-proc', '--net', '--mount', ...user];
  return ['setpriv', ['--pdeathsig', 'KILL', '--', ...unshare, '--', ...argv]];
}

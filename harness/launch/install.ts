import { readdir } from 'node:fs/promises';
import { execa } from 'execa';
import { FaultError, UnableError } from '../errors.ts';
import { findProgram, installLine, missingPackages } from './programs.ts';

const LISTS = '/var/lib/apt/lists';

/**
 * nginx and redis start a service as soon as they are installed, and at every boot, which would take ports of this
 * machine. Package scripts start and enable services by these three programs only (init-system-helpers), so apt runs in
 * a mount namespace of its own where they do nothing; a policy-rc.d file would stay behind if we were killed.
 */
const WITHOUT_SERVICES = `
for starter in /usr/sbin/invoke-rc.d /usr/bin/deb-systemd-invoke /usr/bin/deb-systemd-helper; do
  [ ! -e "$starter" ] || mount --bind /bin/true "$starter"
done
exec apt-get --quiet --quiet --yes --no-install-recommends -o Dpkg::Use-Pty=0 install "$@"`;

/**
 * As root installs the packages of every missing program; as an ordinary user says the line that does.
 * @returns the packages that it installed.
 * @throws UnableError without apt-get, FaultError when apt-get failed, with its words.
 */
export async function installMissing(say: (line: string) => void): Promise<string[]> {
  const packages = missingPackages();
  if (packages.length === 0) return [];
  if (findProgram('apt-get') === undefined) {
    throw new UnableError(`there is no apt-get to install ${packages.join(', ')}`, 'install them by hand');
  }
  if (process.geteuid?.() !== 0) {
    say(`Some scenarios will be skipped. To install what they need: ${installLine(packages, false)}`);
    return [];
  }
  if (!(await haveLists())) {
    say('Reading the package lists (apt-get update)');
    await apt('apt-get', ['--quiet', '--quiet', 'update']);
  }
  say(`Installing ${packages.join(', ')} (apt-get install)`);
  await apt('unshare', ['--mount', 'sh', '-ec', WITHOUT_SERVICES, 'sh', ...packages]);
  const still = missingPackages();
  if (still.length > 0) throw new FaultError(`apt-get succeeded, but the programs of ${still.join(', ')} are absent`);
  return packages;
}

async function haveLists(): Promise<boolean> {
  const names = await readdir(LISTS).catch(() => []);
  return names.some((name) => name.includes('_Packages'));
}

async function apt(file: string, args: readonly string[]): Promise<void> {
  const { failed, all, shortMessage } = await execa(file, args, {
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  if (!failed) return;
  const words = (all ?? '').trim().split('\n').slice(-10).join('\n');
  throw new FaultError(
    `apt-get failed: ${words || shortMessage}`,
    'when a package was not found: apt-get update, then again',
  );
}

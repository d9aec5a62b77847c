import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { PROGRAMS } from '../scenario/programs.ts';
import { engineEnvironment } from './environment.ts';

/** The path of a program as the engine finds it; undefined when it has none. */
export function findProgram(
  name: string,
  path: string = engineEnvironment(process.env)['PATH'] ?? '',
): string | undefined {
  return path
    .split(':')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian packages of the programs that are absent, sorted. */
export function missingPackages(find: (program: string) => string | undefined = findProgram): string[] {
  const absent = Object.entries(PROGRAMS).filter(([program]) => find(program) === undefined);
  return [...new Set(absent.map(([, { package: name }]) => name))].sort();
}

/** The one line that installs packages on Debian and its kin. */
export function installLine(packages: readonly string[], root: boolean): string {
  return `${root ? '' : 'sudo '}apt-get install --no-install-recommends ${packages.join(' ')}`;
}

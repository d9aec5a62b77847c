import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../errors.ts';
import { plural } from '../../report/label.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';

/** Temporary folders are `tcplab-<pid>-...`: whose process is gone is stale. */
const FOLDER = /^tcplab-(\d+)-/;

export const clean = command({
  name: 'clean',
  about: 'Remove what a killed run left',
  options: ['json'],
  examples: [['clean', 'temporary folders; namespaces and links never stay']],
  async run(context, { json }) {
    const stale = readdirSync(tmpdir())
      .filter((name) => isStale(name))
      .map((name) => join(tmpdir(), name))
      .filter((path) => statSync(path).uid === process.getuid?.());
    for (const path of stale) rmSync(path, { recursive: true, force: true });

    if (json) printJson(context, { schema: 'tcplab.clean/1', removed: stale });
    else printLines(context, [...stale.map((path) => `removed ${path}`), `${plural(stale.length, 'folder')} removed`]);
    return EXIT.passed;
  },
});

function isStale(name: string): boolean {
  const pid = FOLDER.exec(name)?.[1];
  return pid !== undefined && !lives(pid);
}

/** A zombie counts as gone: kill(pid, 0) would call it alive (proc_pid_stat(5)). */
function lives(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_FILE } from './folder.ts';

/** Half-written files of runs whose tcplab is gone. Their journals stay: they hold what there was. */
export function leftovers(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((folder) => existsSync(join(folder, JOURNAL_FILE)) && !lives(writerOf(join(folder, JOURNAL_FILE))))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => /\.(part|tmp)$/.test(file));
}

/** The pid stands at the start of the journal, which can be long. */
function writerOf(journal: string): string {
  const start = Buffer.alloc(100);
  const fd = openSync(journal, 'r');
  readSync(fd, start);
  closeSync(fd);
  return /"pid":(\d+)/.exec(start.toString('latin1'))?.[1] ?? '0';
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

import { readFileSync } from 'node:fs';
import { libc } from './libc.ts';

const WNOHANG = 1;

/**
 * As pid 1, takes the zombies that were orphaned to us; returns their pids. Never one of `own`: the pids of programs that
 * Node started and itself waits for. Does nothing on a kernel without CONFIG_PROC_CHILDREN.
 */
export function reapOrphans(own: ReadonlySet<number>): number[] {
  let children: string;
  try {
    children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1');
  } catch {
    return [];
  }
  const pids = children.split(' ').filter(Boolean).map(Number);
  // Each pid by itself: waitpid(-1) would steal the exit status of Node's own programs.
  return pids.filter((pid) => !own.has(pid) && libc.waitpid(pid, null, WNOHANG) === pid);
}

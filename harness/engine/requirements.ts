import { accessSync, constants } from 'node:fs';
import { PROGRAMS } from '../scenario/programs.ts';
import type { Plan } from '../scenario/model.ts';
import { sysctlScope } from '../linux/sysctl.ts';

/** Global on every kernel so far, and therefore invisible from inside a sandbox. */
const ALWAYS_GLOBAL = new Set([
  'net.ipv4.tcp_mem',
  'net.ipv4.tcp_max_orphans',
  'net.ipv4.tcp_low_latency',
  'net.core.netdev_max_backlog',
]);

/** Why a plan cannot run on this kernel or machine. */
export interface Skip {
  code: 'program' | 'sysctl';
  text: string;
}

/** The first thing that a plan needs and this place has not; undefined when it can run. */
export function skipOf(plan: Plan): Skip | undefined {
  for (const program of plan.needs) {
    if (found(program)) continue;
    const known = PROGRAMS[program];
    return { code: 'program', text: `needs ${program}${known ? `: install the package ${known.package}` : ''}` };
  }
  for (const name of written(plan))
    if (sysctlScope(name) === 'global' || (sysctlScope(name) === 'absent' && ALWAYS_GLOBAL.has(name)))
      return { code: 'sysctl', text: `${name} is global on this kernel, and this run does not own the kernel` };
  return undefined;
}

/** Sysctls that a plan writes, before its first step or by one. */
function written({ hosts, steps }: Plan): string[] {
  const atFirst = Object.values(hosts).map(({ sysctl }) => sysctl);
  const later = steps.filter(({ kind }) => kind === 'sysctl').map(({ args }) => args['set'] ?? {});
  return [...atFirst, ...later].flatMap((set) => Object.keys(set));
}

function found(program: string): boolean {
  if (program.includes('/')) return runs(program);
  return (process.env['PATH'] ?? '').split(':').some((folder) => runs(`${folder}/${program}`));
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

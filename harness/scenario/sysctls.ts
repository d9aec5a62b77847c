import type { SysctlValue } from '../evidence/model.ts';
import { SYSCTL_FOLDERS } from './sysctl-names.ts';

const NAMES: ReadonlySet<string> = new Set(
  Object.entries(SYSCTL_FOLDERS).flatMap(([folder, names]) => names.split(' ').map((name) => `${folder}.${name}`)),
);

/** `net.ipv4.conf.eth0.rp_filter` is `net.ipv4.conf.*.rp_filter` in the list. */
const generic = (name: string) => name.replace(/\.(conf|neigh)\.[^.]+\./, '.$1.*.').replace(/(\.nf_log)\.\d+$/, '$1.*');

/** True for the full name of a networking sysctl that any kernel has or had. */
export const isSysctl = (name: string): boolean => NAMES.has(generic(name)) && !name.includes('*');

/** Names to choose from in a hint, as one writes them. */
export const SYSCTL_NAMES: readonly string[] = [...NAMES].map((name) => name.replace('.*.', '.all.'));

/** Sysctls whose value is a text or several numbers. */
const TEXTS =
  /\.(tcp_[rw]?mem|udp_mem|ip_local_port_range|ip_local_reserved_ports|ping_group_range|\w*congestion_control|tcp_available_ulp|tcp_fastopen_key|default_qdisc|netdev_rss_key|flow_limit_cpu_bitmap|rps_default_mask|stable_secret|nf_log\.\d+)$/;

/** What is wrong with a value for the sysctl; undefined when it fits. */
export function sysctlValueProblem(name: string, value: SysctlValue): string | undefined {
  if (TEXTS.test(name)) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return undefined;
  return `${name} is an integer, not ${JSON.stringify(value)}`;
}

import type { Plan } from '../scenario/model.ts';

/** The neighbour through which a host reaches another. */
export interface Hop {
  to: string;
  via: string;
}

const FORWARDS = 'net.ipv4.ip_forward';

/**
 * Shortest ways between hosts that share no link, through hosts whose net.ipv4.ip_forward the scenario sets to 1.
 * Of two ways of the same length the one over the earlier link of the file.
 */
export function hopsFrom(start: string, { hosts, links }: Pick<Plan, 'hosts' | 'links'>): Hop[] {
  const neighbours = (name: string) => links.flatMap(([a, b]) => (a === name ? [b] : b === name ? [a] : []));
  const reached = new Map<string, string>(neighbours(start).map((name) => [name, name]));
  const hops: Hop[] = [];
  for (const [name, via] of reached) {
    if (name !== via) hops.push({ to: name, via });
    if (hosts[name]?.sysctl[FORWARDS] !== 1) continue;
    // A Map is walked in the order of insertion, what is added on the way included: nearest first.
    for (const next of neighbours(name)) if (next !== start && !reached.has(next)) reached.set(next, via);
  }
  return hops;
}

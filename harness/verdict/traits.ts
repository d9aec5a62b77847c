import type { Change } from '../scenario/model.ts';
import type { Finding, TraitOfRecord } from '../results/record.ts';
import { predict, type Upstream } from './kernel-version.ts';

export interface Traits {
  /** By change; a change of which nothing tells has no entry. */
  traits: Record<string, TraitOfRecord>;
  /** Where a kernel is not what its version says. */
  findings: Finding[];
}

/**
 * What a kernel has, of the given changes: the version predicts, the probe checks. `probes` are the answers of probes that
 * ran, null for one that could not tell.
 */
export function traitsOf(
  changes: readonly Change[],
  upstream: Upstream,
  probes: Readonly<Record<string, boolean | null>>,
): Traits {
  const traits: Record<string, TraitOfRecord> = {};
  const findings: Finding[] = [];
  for (const change of changes) {
    const version = predict(change, upstream);
    const probe = probes[change.id] ?? null;
    if (version !== null && probe !== null && version !== probe) {
      findings.push({ kind: 'change', where: change.id, expected: version, measured: probe });
    }
    const has = version ?? probe;
    if (has !== null) traits[change.id] = { has, by: version === null ? 'probe' : 'version', version, probe };
  }
  return { traits, findings };
}

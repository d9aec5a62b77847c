const FIELDS = [
  'rxPackets',
  'txPackets',
  'rxBytes',
  'txBytes',
  'rxErrors',
  'txErrors',
  'rxDropped',
  'txDropped',
] as const;

/** The first fields of struct rtnl_link_stats64. */
export type LinkStats = Record<(typeof FIELDS)[number], number>;

export function readLinkStats(bytes: Buffer): LinkStats {
  const stats: Partial<LinkStats> = {};
  FIELDS.forEach((field, place) => {
    stats[field] = Number(bytes.readBigUInt64LE(8 * place));
  });
  return stats as LinkStats;
}

import type { ClaimOfRecord, Run } from '../results/record.ts';
import { claimsOf } from '../results/summary.ts';
import { visible } from './escape.ts';
import { groupBy } from './group-by.ts';
import { plural } from './label.ts';
import type { Table } from './table.ts';

export interface ArticleClaims {
  /** Id in articles.yaml. */
  article: string;
  /** `4 claims: 3 confirmed, 1 refuted`. */
  counts: string;
  table: Table;
  /** Row by row, as the table: whether the verdict is the one that was predicted. */
  predicted: readonly boolean[];
}

/** What was measured can hold whole packets; the record has them. */
const LONGEST = 100;

const SPELLED = { confirmed: 'confirmed', refuted: 'refuted', 'not-tested': 'not tested' } as const;

/** The claims of a run, by article; one row for a claim however many records of a sweep say the same of it. */
export function claimTables(run: Run): ArticleClaims[] {
  const claims = claimsOf(run).map(({ claim }) => claim);
  return [...groupBy(claims, ({ article }) => article)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([article, own]) => articleClaims(article, own));
}

function articleClaims(article: string, claims: readonly ClaimOfRecord[]): ArticleClaims {
  const rows = [...groupBy(claims, ({ id, verdict, expected }) => `${id} ${verdict} ${expected}`).values()];
  return {
    article,
    counts: counted(claims),
    predicted: rows.map(([first]) => first.verdict === first.expected),
    table: {
      columns: [
        { title: 'here', most: 11, least: 11 },
        { title: 'the article says', most: 60, least: 26 },
        { title: 'measured', most: 40, least: 22 },
        { title: 'instead', most: 60, least: 24 },
        { title: 'claim', most: 34, least: 24 },
      ],
      rows: rows.map((same) => row(same[0], same.length)),
    },
  };
}

function row(claim: ClaimOfRecord, records: number): string[] {
  const { id, says, verdict, expected, measured, because, explainedBy, instead } = claim;
  const surprise = verdict === expected ? '' : ` (predicted: ${SPELLED[expected]})`;
  const more = records > 1 ? ` (and ${plural(records - 1, 'more record')})` : '';
  const told = measured.length > LONGEST ? `${measured.slice(0, LONGEST)}...` : measured;
  const why = explainedBy.length > 0 ? explainedBy.join(', ') : because;
  const reason = verdict === 'refuted' ? `${instead ?? ''}${why === '' ? '' : ` [${why}]`}`.trim() : '';
  return [SPELLED[verdict] + surprise, says, told + more, reason, id].map(visible);
}

/** Each claim counts once: refuted if any record refutes it, else confirmed if any confirms it. */
function counted(claims: readonly ClaimOfRecord[]): string {
  const decided = [...groupBy(claims, ({ id }) => id).values()].map(
    (same) =>
      (['refuted', 'confirmed'] as const).find((verdict) => same.some((claim) => claim.verdict === verdict)) ??
      'not-tested',
  );
  const parts = (['confirmed', 'refuted', 'not-tested'] as const)
    .map((verdict) => ({ verdict, count: decided.filter((each) => each === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${SPELLED[verdict]}`);
  return `${plural(decided.length, 'claim')}: ${parts.join(', ')}`;
}

/** Only the rows whose verdict is not the predicted one. */
export function surprisesOf(claims: ArticleClaims): ArticleClaims {
  const kept = claims.predicted.flatMap((as, index) => (as ? [] : [index]));
  return {
    ...claims,
    predicted: kept.map(() => false),
    table: { ...claims.table, rows: kept.map((index) => claims.table.rows[index]!) },
  };
}

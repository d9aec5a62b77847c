import type { ClaimOfRecord, Run } from '../results/record.ts';
import type { Change } from '../scenario/model.ts';
import { claimsOf } from '../results/summary.ts';
import { visible } from './escape.ts';
import { plural } from './label.ts';
import { wrap } from './wrap.ts';

/** Why claims are refuted here: each change behind them, with what it does and how many claims it decides. */
export interface Reason {
  id: string;
  /** `since Linux 4.10, 5ea8ea2cb7f1 "tcp/dccp: drop SYN packets if accept queue is full"`. */
  since: string;
  about: string;
  claims: number;
}

const NEVER = { id: 'never held', since: '', about: 'On no kernel that we know of; the article is mistaken.' };

/** The reasons of a run, the one that decides most claims first. */
export function reasonsOf(run: Run, changes: readonly Change[]): Reason[] {
  const refuted = new Map<string, ClaimOfRecord>();
  for (const { claim } of claimsOf(run)) if (claim.verdict === 'refuted') refuted.set(claim.id, claim);
  const decided = new Map<string, number>();
  for (const { explainedBy, because } of refuted.values())
    for (const id of explainedBy.length > 0 ? explainedBy : [because]) decided.set(id, (decided.get(id) ?? 0) + 1);
  return [...decided]
    .map(([id, claims]) => ({ ...described(id, changes), claims }))
    .toSorted((a, b) => b.claims - a.claims);
}

function described(id: string, changes: readonly Change[]): Omit<Reason, 'claims'> {
  const change = changes.find((one) => one.id === id);
  if (!change) return id === NEVER.id ? NEVER : { id, since: '', about: '' };
  const { of, mainline, commit, subject, about } = change;
  const where = of === 'linux' ? `Linux ${mainline}, ${commit.slice(0, 12)}` : `${of} ${mainline}`;
  return { id, since: `since ${where}: "${subject}"`, about };
}

/** Lines for a terminal of so many columns. */
export function legendText(reasons: readonly Reason[], columns: number): string[] {
  return reasons.flatMap(({ id, since, about, claims }) => [
    ...wrap(visible(`${id}: ${plural(claims, 'claim')}${since === '' ? '' : `; ${since}`}`), columns),
    ...(about === '' ? [] : wrap(visible(about), columns - 2).map((line) => `  ${line}`)),
  ]);
}

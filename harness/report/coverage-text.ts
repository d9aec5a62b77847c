import type { Run } from '../results/record.ts';
import type { Coverage } from '../scenario/state-diagram.ts';
import { markdownText, visible } from './escape.ts';
import { plural } from './label.ts';
import { markdownTable } from './table.ts';
import { wrap } from './wrap.ts';

/** Counts what a run has shown; undefined where it has none of the scenarios that walk the state diagram. */
export type CoverageOf = (run: Run) => Coverage | undefined;

/** `states 11/11, arrows 20/22`. */
function figure({ seen, unseen, proven, absent, missing, unreachable }: Coverage): string {
  const arrows = proven.length + absent.length + missing.length + unreachable.length;
  return `states ${seen.length}/${seen.length + unseen.length}, arrows ${proven.length}/${arrows}`;
}

/** The figure for a terminal of so many columns, then what it lacks. */
export function coverageText(coverage: Coverage, columns: number): string[] {
  const { unseen, absent, missing, unreachable } = coverage;
  const scenarios = [...new Set(absent.map(({ scenario }) => scenario))];
  const lacking = [
    ...(unseen.length > 0 ? [`states not seen: ${unseen.map(({ id }) => id).join(', ')}`] : []),
    ...(absent.length > 0 ? [`not in this run: ${plural(absent.length, 'arrow')} of ${scenarios.join(', ')}`] : []),
    ...missing.map(({ arrow, why }) => `not proven: ${arrow.id}, ${arrow.by}: ${why}`),
    ...unreachable.map(({ arrow, why }) => `not reachable from user space: ${arrow.id}, ${arrow.by}: ${why}`),
  ];
  return [
    `state coverage: ${figure(coverage)}`,
    ...lacking.flatMap((line) => wrap(visible(line), columns - 2).map((part) => `  ${part}`)),
  ];
}

/** The figure, the states, and a row for every arrow. */
export function coverageMarkdown(coverage: Coverage): string[] {
  const { seen, unseen, proven, absent, missing, unreachable } = coverage;
  const titles = (...names: string[]) => names.map((title) => ({ title }));
  const states = [
    ...seen.map(({ id, held, ends }) => [id, held, ends, 'yes']),
    ...unseen.map(({ id, held, ends }) => [id, held, ends, 'no']),
  ];
  const arrows = [
    ...proven.map(({ id, by, walk }) => [
      id,
      by,
      'unreachable' in walk ? '' : `${walk.scenario}: ${walk.host}, from ${walk.before} to ${walk.after}`,
    ]),
    ...absent.map(({ arrow, scenario }) => [arrow.id, arrow.by, `${scenario} is not in this run`]),
    ...missing.map(({ arrow, why }) => [arrow.id, arrow.by, `not proven: ${why}`]),
    ...unreachable.map(({ arrow, why }) => [arrow.id, arrow.by, `not reachable from user space: ${why}`]),
  ];
  return [
    '## State coverage',
    '',
    markdownText(figure(coverage)),
    '',
    ...markdownTable({ columns: titles('state', 'who holds it', 'what ends it', 'seen'), rows: states }),
    '',
    ...markdownTable({ columns: titles('arrow', 'by', 'proven by'), rows: arrows }),
  ];
}

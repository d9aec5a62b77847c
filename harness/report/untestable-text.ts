import type { Sentence } from '../scenario/claims-list.ts';
import { visible } from './escape.ts';
import { groupBy } from './group-by.ts';
import { plural } from './label.ts';

/** How much of each article one machine cannot test; `file` is where the reasons stand. */
export function untestableText(sentences: readonly Sentence[], file: string): string[] {
  const counts = [...groupBy(sentences, ({ article }) => article)].map(([article, own]) => {
    const without = own.filter(({ why }) => why !== undefined).length;
    return `${article}: ${without} of ${plural(own.length, 'sentence')}`;
  });
  return [...counts, `Each with the reason: ${file}`].map(visible);
}

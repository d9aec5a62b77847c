import type { ArticleClaims } from './claims-table.ts';
import { visible } from './escape.ts';
import type { Output } from './reporter.ts';
import { textTable } from './table.ts';

const VERDICT_COLUMN = 2;

/** The claims of one article for a terminal: a heading with counts, then the table. */
export function claimsText(
  claims: ArticleClaims,
  { columns, style }: Output,
  titles?: ReadonlyMap<string, string>,
): string[] {
  const { colour } = style;
  const title = titles?.get(claims.article);
  const name = visible(title ? `${claims.article} (${title})` : claims.article);
  const table = textTable(claims.table, columns, (text, column, row) => {
    if (row === -1) return colour.dim(text);
    if (column !== VERDICT_COLUMN) return text;
    return claims.predicted[row] ? colour.green(text) : colour.red(text);
  });
  return [`${colour.bold(name)}: ${claims.counts}`, ...table];
}

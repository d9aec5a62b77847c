import type { ArticleClaims } from './claims-table.ts';
import { visible } from './escape.ts';
import type { Output } from './reporter.ts';
import { textTable } from './table.ts';
import type { Table } from './table.ts';
import { wrap } from './wrap.ts';

const VERDICT_COLUMN = 0;
/** On a narrower terminal the claims' ids give way. */
const WIDE = 130;

/** The claims of one article for a terminal: a heading with counts, then the table. */
export function claimsText(
  claims: ArticleClaims,
  { columns, style }: Output,
  titles?: ReadonlyMap<string, string>,
): string[] {
  const { colour } = style;
  const title = titles?.get(claims.article);
  const name = visible(title ? `${claims.article} (${title})` : claims.article);
  const shown = columns >= WIDE ? claims.table : withoutLast(claims.table);
  const table = textTable(shown, columns, (text, column, row) => {
    if (row === -1) return colour.dim(text);
    if (column !== VERDICT_COLUMN) return text;
    return claims.predicted[row] ? colour.green(text) : colour.red(text);
  });
  return [...wrap(`${name}: ${claims.counts}`, columns).map((line) => colour.bold(line)), ...table];
}

function withoutLast({ columns, rows }: Table): Table {
  return { columns: columns.slice(0, -1), rows: rows.map((cells) => cells.slice(0, -1)) };
}

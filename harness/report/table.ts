import stringWidth from 'string-width';
import { markdownText } from './escape.ts';
import { wrap } from './wrap.ts';

export interface Column {
  title: string;
  /** Widest that the column gets before others are narrowed; 0: as wide as it needs, never narrowed. */
  most?: number;
  right?: boolean;
}

export interface Table {
  columns: readonly Column[];
  rows: readonly (readonly string[])[];
}

const GAP = 2;
const NARROWEST = 8;

const pad = (text: string, width: number, right: boolean) => {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return right ? space + text : text + space;
};

/**
 * Lays a table out in `width` columns of the terminal; cells wrap.
 * @param paint colours one piece of a cell after it was laid out: gets the padded text, its column and its row (-1: titles)
 */
export function textTable(
  { columns, rows }: Table,
  width: number,
  paint: (text: string, column: number, row: number) => string = (text) => text,
): string[] {
  const widths = columnWidths({ columns, rows }, width);
  const layOut = (cells: readonly string[], row: number): string[] => {
    const wrapped = cells.map((cell, index) => wrap(cell, widths[index]!));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((lines, index) => paint(pad(lines[line] ?? '', widths[index]!, columns[index]!.right === true), index, row))
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  };
  const titles = columns.map(({ title }) => title);
  return [...layOut(titles, -1), ...rows.flatMap((row, index) => layOut(row, index))];
}

/** The same rows as a Markdown table; every cell is literal text. */
export function markdownTable({ columns, rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ right }) => (right ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(markdownText))),
  ];
}

/** Natural widths where they fit; else the widest flexible column gives way first, down to NARROWEST. */
function columnWidths({ columns, rows }: Table, width: number): number[] {
  const widths = columns.map(({ title, most }, index) => {
    const natural = Math.max(stringWidth(title), ...rows.map((row) => widest(row[index]!)));
    return most === undefined || most === 0 ? natural : Math.min(natural, Math.max(most, stringWidth(title)));
  });
  const room = width - GAP * (columns.length - 1);
  const flexible = (index: number) => columns[index]!.most !== 0 && widths[index]! > NARROWEST;
  let over = widths.reduce((sum, each) => sum + each, 0) - room;
  while (over > 0) {
    const candidates = widths.map((_, index) => index).filter(flexible);
    if (candidates.length === 0) break;
    const index = candidates.reduce((best, each) => (widths[each]! > widths[best]! ? each : best));
    widths[index]!--;
    over--;
  }
  return widths;
}

const widest = (cell: string) => Math.max(0, ...cell.split('\n').map((line) => stringWidth(line)));

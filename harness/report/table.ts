import stringWidth from 'string-width';
import { markdownText } from './escape.ts';
import { wrap } from './wrap.ts';

export interface Column {
  title: string;
  /** Widest that the column gets before others are narrowed; 0: as wide as it needs, never narrowed. */
  most?: number;
  /** Narrowest that it gets while others can still give way. */
  least?: number;
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
  // Blanks after the last column would stand inside its colour, where no trimming finds them.
  const last = columns.length - 1;
  const widthOf = (index: number) => (index === last && !columns[last]!.right ? 0 : widths[index]!);
  const layOut = (cells: readonly string[], row: number): string[] => {
    const wrapped = cells.map((cell, index) => wrap(cell, widths[index]!));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((lines, index) =>
          paint(pad(lines[line] ?? '', widthOf(index), columns[index]!.right === true), index, row),
        )
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

/**
 * Natural widths where they fit; else, column by column, the one gives way whose narrowing makes the table grow least.
 * When each has come down to its least, the widest goes below it.
 */
function columnWidths({ columns, rows }: Table, width: number): number[] {
  const naturals = rows.map((row) => row.map(widest));
  const widths = columns.map(({ title, most }, index) => {
    const natural = Math.max(stringWidth(title), ...naturals.map((row) => row[index]!));
    return most === undefined || most === 0 ? natural : Math.min(natural, Math.max(most, stringWidth(title)));
  });
  const height = (tried: readonly number[]) =>
    naturals.reduce(
      (sum, row) => sum + Math.max(...row.map((natural, index) => Math.ceil(natural / tried[index]!))),
      0,
    );
  const narrowed = (column: number) => widths.map((each, index) => (index === column ? each - 1 : each));
  const room = width - GAP * (columns.length - 1);
  while (widths.reduce((sum, each) => sum + each, 0) > room) {
    const narrowable = [...columns.keys()].filter(
      (index) => columns[index]!.most !== 0 && widths[index]! > Math.min(columns[index]!.least ?? NARROWEST, NARROWEST),
    );
    const willing = narrowable.filter((index) => widths[index]! > (columns[index]!.least ?? NARROWEST));
    const [best] = (willing.length > 0 ? willing : narrowable)
      .map((column) => ({ column, grown: height(narrowed(column)), size: widths[column]! }))
      .toSorted((a, b) => (willing.length > 0 ? a.grown - b.grown : 0) || b.size - a.size);
    if (!best) break;
    widths[best.column]!--;
  }
  return widths;
}

const widest = (cell: string) => Math.max(0, ...cell.split('\n').map((line) => stringWidth(line)));

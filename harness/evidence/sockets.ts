import type { SocketRow } from './model.ts';

/** ss.c print_ms_timer(): `1min29sec`, `26sec`, `1.200ms`; with its oddity that seconds with a fraction end in `ms`. */
function spanText(seconds: number): string {
  const all = Math.round(seconds * 1000);
  const minutes = Math.floor(all / 60_000);
  const rest = Math.floor(all / 1000) % 60;
  const fraction = minutes > 0 || rest > 9 ? 0 : all % 1000;
  let text = minutes > 0 ? `${minutes}min` : '';
  if (rest > 0 && minutes <= 9) text += `${rest}${fraction > 0 ? '.' : 'sec'}`;
  return fraction > 0 ? `${text}${String(fraction).padStart(3, '0')}ms` : text;
}

const end = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port === 0 ? '*' : port}`;

function cells(row: SocketRow): string[] {
  const { state, recvQ, sendQ, localAddress, localPort, remoteAddress, remotePort } = row;
  const details: string[] = [];
  if (row.timer !== 'off') details.push(`timer:(${row.timer},${spanText(row.timerLeft)},${row.retransmits})`);
  if (row.inode !== 0) details.push(`ino:${row.inode}`);
  if (row.drops > 0) details.push(`skmem:(d${row.drops})`);
  const ends = [end(localAddress, localPort), end(remoteAddress, remotePort)];
  return [state, String(recvQ), String(sendQ), ...ends, details.join(' ')];
}

const HEADER = ['State', 'Recv-Q', 'Send-Q', 'Local Address:Port', 'Peer Address:Port', ''];

/** The rows as `ss -tanoem` shows them, in aligned columns under its header; of skmem only the drops, when there are some. */
export function socketTable(rows: readonly SocketRow[]): string[] {
  const table = [HEADER, ...rows.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' ')
      .trimEnd(),
  );
}

/** One row as `ss` shows it, its columns one space apart. */
export function socketLine(row: SocketRow): string {
  return cells(row).join(' ').trimEnd();
}

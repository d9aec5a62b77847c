/** The flags byte (RFC 9293 3.1, RFC 3168) in the order in which tcpdump prints its bits (print-tcp.c tcp_flag_values). */
const LETTERS = [
  ['F', 0x01],
  ['S', 0x02],
  ['R', 0x04],
  ['P', 0x08],
  ['.', 0x10],
  ['U', 0x20],
  ['E', 0x40],
  ['W', 0x80],
] as const;

const BIT_OF = new Map<string, number>(LETTERS);

function textOf(flags: number): string {
  const letters = LETTERS.filter(([, bit]) => (flags & bit) !== 0).map(([letter]) => letter);
  return `[${letters.length === 0 ? 'none' : letters.join('')}]`;
}

const TEXTS: readonly string[] = Array.from({ length: 256 }, (_, flags) => textOf(flags));

/** The flags byte as tcpdump prints it: `[S]`, `[S.]`, `[FP.]`, `[none]`. */
export function flagsText(flags: number): string {
  return TEXTS[flags & 0xff] ?? '[none]';
}

/** The flags byte of `[S.]`, `S.` or `[none]`, in any order of letters. Throws RangeError with what is wrong. */
export function flagsOf(text: string): number {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare === 'none') return 0;
  if (bare === '') throw new RangeError(`\`${text}\` names no TCP flags: write [S], [S.], [F.], [R] ..., or [none]`);
  let flags = 0;
  for (const letter of bare) {
    const bit = BIT_OF.get(letter);
    if (bit === undefined)
      throw new RangeError(
        `\`${text}\`: \`${letter}\` is no TCP flag: F S R P . (ACK) U E (ECE) W (CWR), as tcpdump prints them`,
      );
    if ((flags & bit) !== 0) throw new RangeError(`\`${text}\`: the flag \`${letter}\` stands there twice`);
    flags |= bit;
  }
  return flags;
}

import picocolors from 'picocolors';
import type { Verdict } from '../results/record.ts';

export interface Style {
  colour: ReturnType<typeof picocolors.createColors>;
  /** False: plain ASCII, for locales that are not UTF-8. */
  unicode: boolean;
}

/** The words that carry a verdict; colour only repeats them. */
export const WORDS: Readonly<Record<Verdict, string>> = {
  passed: 'ok',
  failed: 'FAIL',
  skipped: 'skip',
  error: 'ERROR',
};

export function verdictColour({ colour }: Style, verdict: Verdict): (text: string) => string {
  return { passed: colour.green, failed: colour.red, skipped: colour.yellow, error: colour.magenta }[verdict];
}

/**
 * Whether to colour: `--color`/`--no-color`, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal.
 * An empty NO_COLOR does not count (no-color.org); FORCE_COLOR=0 means no.
 */
export function wantsColour(flag: boolean | undefined, env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  if (flag !== undefined) return flag;
  if (env['NO_COLOR']) return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTTY && env['TERM'] !== 'dumb';
}

/** Whether the locale writes UTF-8: LC_ALL, else LC_CTYPE, else LANG, as locale(7) orders them. */
export function speaksUtf8(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}

export const makeStyle = (colour: boolean, unicode: boolean): Style => ({
  colour: picocolors.createColors(colour),
  unicode,
});

const ASCII: readonly (readonly [RegExp, string])[] = [
  [/…/g, '...'],
  [/[–—]/g, '-'],
  [/→/g, '->'],
  [/≤/g, '<='],
  [/≥/g, '>='],
  [/×/g, 'x'],
  [/[“”]/g, '"'],
  [/[‘’]/g, "'"],
  // Anything else that the locale cannot write.
  [/[^\x00-\x7f]/gu, '?'],
];

/** Text as the locale can write it. */
export const spell = ({ unicode }: Style, text: string): string =>
  unicode ? text : ASCII.reduce((result, [pattern, plain]) => result.replaceAll(pattern, plain), text);

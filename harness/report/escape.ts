/** Makes text from outside harmless on a terminal: control characters are shown, not obeyed. Newlines become `\n`. */
export function visible(text: string): string {
  // C0, DEL, C1, bidirectional overrides and line separators can move the cursor or reorder what a person reads.
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => NAMED[character] ?? hex(character),
  );
}

/** A JSON document of the same value in which control characters that JSON allows raw are escaped as well. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replaceAll(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, hex)}\n`;

/** Text from outside as literal Markdown: no markup, no table cells, no links, no HTML. */
export function markdownText(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~$]/g, '\\$&')
    .replaceAll(/^(\s*)([#+-])(?=\s|$|#)/g, '$1\\$2')
    .replaceAll(/^(\s*\d+)([.)])(?=\s|$)/g, '$1\\$2')
    .replaceAll('://', ':&#47;/');
}

/** Text from outside as inline code; the fence is longer than any run of backticks inside. */
export function markdownCode(text: string): string {
  const safe = visible(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = safe.startsWith('`') || safe.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${safe}${pad}${fence}`;
}

/** Text from outside as a fenced block. */
export function markdownBlock(lines: readonly string[]): string[] {
  const safe = lines.map(visible);
  const longest = Math.max(2, ...safe.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...safe, fence];
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };
const hex = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

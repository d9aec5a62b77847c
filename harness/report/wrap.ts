import stringWidth from 'string-width';

/** Breaks text into lines of at most `width` columns, at spaces where it can. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(/ +/).flatMap((word) => pieces(word, width))) {
      if (line !== '' && stringWidth(line) + 1 + stringWidth(word) > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

/** A word too long for one line, cut where it must be: after a `.`, `-`, `/` or `,` if one is near. */
function pieces(word: string, width: number): string[] {
  const parts: string[] = [];
  let rest = word;
  while (stringWidth(rest) > width) {
    const head = fitting(rest, width);
    const soft = Math.max(...['.', '-', '/', ',', '_'].map((mark) => head.lastIndexOf(mark))) + 1;
    const cut = soft > head.length / 2 ? soft : head.length;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return rest === '' && parts.length > 0 ? parts : [...parts, rest];
}

function fitting(word: string, width: number): string {
  let head = '';
  for (const character of word) {
    if (head !== '' && stringWidth(head + character) > width) break;
    head += character;
  }
  return head;
}

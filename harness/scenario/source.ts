import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Node, type Pair } from 'yaml';
import { ScenarioError, type Problem } from './problem.ts';
import type { Position } from './model.ts';

export type Path = readonly (string | number)[];

/** A YAML file: its plain value, and where each part of it stands. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  readonly #root: Node | null;
  readonly #lines: LineCounter;
  readonly #resolve: (node: unknown) => unknown;

  constructor(
    at: { file: string; text: string; lines: LineCounter },
    root: Node | null,
    value: unknown,
    resolve: (node: unknown) => unknown,
  ) {
    this.file = at.file;
    this.text = at.text;
    this.#lines = at.lines;
    this.#root = root;
    this.value = value;
    this.#resolve = resolve;
  }

  /** A problem with the value at the path, or with what of the path there is; `key` points at the key instead. */
  problem(path: Path, message: string, options: { hint?: string | undefined; key?: boolean } = {}): Problem {
    const { node, key, complete } = this.#find(path);
    const wanted =
      options.key === true && complete && key ? key : isScalar(node) || isAlias(node) ? node : (key ?? node);
    const [start = 0, end = start + 1] = wanted?.range ?? [];
    return this.#problemAt(start, end, message, options.hint);
  }

  /** A problem inside the text of a scalar: `start` and `end` count its characters. */
  problemWithin(path: Path, range: { start: number; end: number }, message: string, hint?: string): Problem {
    const { node } = this.#find(path);
    const first = this.#firstCharacter(node);
    if (first === undefined) return this.problem(path, message, { hint });
    return this.#problemAt(first + range.start, first + range.end, message, hint);
  }

  /** Where the text of the scalar at the path begins. */
  position(path: Path): Position {
    const { node } = this.#find(path);
    return this.#positionAt(this.#firstCharacter(node) ?? node?.range?.[0] ?? 0);
  }

  /** Offset of the first character of a scalar whose text stands in the file as it is: no escapes, no folding. */
  #firstCharacter(node: Node | null): number | undefined {
    if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return undefined;
    const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
    const start = node.range[0] + (quoted ? 1 : 0);
    return this.text.startsWith(node.value, start) ? start : undefined;
  }

  #find(path: Path): { node: Node | null; key: Node | undefined; complete: boolean } {
    let node = this.#root;
    let key: Node | undefined;
    for (const part of path) {
      const inside: unknown = this.#resolve(node);
      if (isMap(inside)) {
        const pair: Pair | undefined = inside.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === String(part),
        );
        if (!pair) return { node, key, complete: false };
        key = isNode(pair.key) ? pair.key : undefined;
        node = isNode(pair.value) ? pair.value : (key ?? null);
      } else if (isSeq(inside) && typeof part === 'number') {
        const item = inside.items[part];
        if (!isNode(item)) return { node, key, complete: false };
        node = item;
        // A map in a list is best shown by its first key.
        const first = isMap(item) ? item.items[0]?.key : undefined;
        key = isNode(first) ? first : undefined;
      } else return { node, key, complete: false };
    }
    return { node, key, complete: true };
  }

  #positionAt(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #problemAt(start: number, end: number, message: string, hint: string | undefined): Problem {
    const position = this.#positionAt(start);
    const line = (this.text.split('\n')[position.line - 1] ?? '').replace(/\r$/, '');
    const length = Math.max(1, Math.min(end - start, line.length - position.column + 1));
    return { message, position, text: line, length, hint };
  }

  static read(text: string, file: string): Source {
    return readSource(text, file);
  }
}

/** How often a file may expand an alias: enough for a repeated block, too few for a bomb. */
const ALIASES = 50;

/** Parses one YAML document of plain data; throws ScenarioError with every problem of its form. */
function readSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, stringKeys: true, prettyErrors: false, version: '1.2' });
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const source = new Source({ file, text, lines }, document.contents, undefined, resolve);
  const at = ([start, end]: readonly [number, number], message: string, hint?: string): Problem => {
    const { line, col } = lines.linePos(start);
    const position = { file, line: Math.max(1, line), column: Math.max(1, col) };
    const shown = (text.split('\n')[position.line - 1] ?? '').replace(/\r$/, '');
    return {
      message,
      position,
      text: shown,
      length: Math.max(1, Math.min(end - start, shown.length - position.column + 1)),
      hint,
    };
  };
  const problems: Problem[] = [];
  let lost = false;
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    // A tag is reported below, with its own words.
    if (code === 'TAG_RESOLVE_FAILED') continue;
    const syntax = !PLAIN.has(code);
    // Once the parser has lost its way, what it says next is about that.
    if (syntax && lost) continue;
    lost ||= syntax;
    const problem = at(pos, yamlMessage(code, message), HINTS[code]);
    const inBraces = problem.text.slice(0, problem.position.column - 1).includes('{');
    problems.push(syntax && inBraces ? { ...problem, hint: QUOTE } : problem);
  }
  let aliases = 0;
  visit(document, {
    Node(_, node) {
      const [start = 0, end = start + 1] = node.range ?? [];
      if (isAlias(node)) {
        aliases += 1;
        if (!node.resolve(document)) problems.push(at([start, end], `no anchor &${node.source} above this alias`));
        if (aliases === ALIASES + 1)
          problems.push(at([start, end], `more than ${ALIASES} aliases`, 'write the values out'));
        return;
      }
      if (node.tag === undefined) return;
      const tag = document.range ? text.lastIndexOf('!', Math.max(0, start - 1)) : start;
      const from = tag >= 0 && text.slice(tag, start).trim().startsWith('!') ? tagStart(text, tag) : start;
      problems.push(
        at([from, start], 'tags are not used in this format', 'leave the tag out: values have their plain YAML types'),
      );
    },
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== '<<') return;
      const [start = 0, end = start + 1] = key.range ?? [];
      problems.push(at([start, end], 'merge keys are not used in this format', 'write the keys out'));
    },
  });
  if (problems.length > 0) throw new ScenarioError(problems);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw new ScenarioError([at([0, 1], 'the file is empty', 'tcplab init NAME writes a scenario to start from')]);
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES });
    return new Source({ file, text, lines }, document.contents, value, resolve);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ScenarioError([source.problem([], 'aliases expand to too much', { hint: 'write the values out' })]);
  }
}

/** The first `!` of a tag such as `!!str`. */
const tagStart = (text: string, bang: number) => (text[bang - 1] === '!' ? bang - 1 : bang);

const HINTS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'one file is one scenario: remove the ---',
  TAB_AS_INDENT: 'YAML is indented with spaces',
  DUPLICATE_KEY: 'remove or rename one of the two',
};

/** Errors after which the parser still knows where it is. */
const PLAIN = new Set(['MULTIPLE_DOCS', 'DUPLICATE_KEY', 'NON_STRING_KEY']);

const QUOTE = 'between { and } an expression with brackets, braces or commas needs quotes around it';

function yamlMessage(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'more than one document in the file';
  if (code === 'DUPLICATE_KEY') return 'the key stands twice in this map';
  if (code === 'NON_STRING_KEY') return 'a key must be a plain word';
  return `not valid YAML: ${message}`;
}

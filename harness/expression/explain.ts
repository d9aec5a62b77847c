import type { ASTNode } from '@marcbachmann/cel-js';
import type { Evaluated } from './evaluated.ts';
import { measured } from './measured.ts';
import { print } from './printer.ts';
import { COMPARISONS, short } from './short.ts';
import { boundBy, childrenOf, walk } from './syntax.ts';

export interface Explanation {
  /** `526 == 540 (flood.sent 542, backlog 1)` */
  text: string;
  /** What was measured, in few words: `TcpExtListenDrops 540, not 526`. */
  measured: string;
  /** Both sides of each comparison and every name in them, as text, to what they held. */
  values: Record<string, unknown>;
}

/** A value keeps so many items of a list: a capture can hold a hundred thousand packets. */
const ITEMS = 20;

/** Parts of the expression that a person wants to see: the names, and what a function made of them. */
function leavesOf(root: ASTNode): ASTNode[] {
  const leaves: ASTNode[] = [];
  const collect = (node: ASTNode, bound: readonly string[]): void => {
    if (node.op === 'value') return;
    const free = isFree(node, bound);
    if (free && isChain(node)) {
      leaves.push(node);
      return;
    }
    if (free && (node.op === 'rcall' || node.op === 'call')) {
      leaves.push(node);
      for (const child of argumentsOf(node)) collect(child, withBound(node, bound));
      return;
    }
    for (const child of childrenOf(node)) collect(child, withBound(node, bound));
  };
  collect(root, []);
  return leaves;
}

const withBound = (node: ASTNode, bound: readonly string[]) => {
  const variable = boundBy(node);
  return variable === undefined ? bound : [...bound, variable];
};

/** Arguments without the receiver: a helper's list is shown by what the helper made of it. */
function argumentsOf(node: ASTNode): readonly ASTNode[] {
  const children = childrenOf(node);
  return node.op === 'rcall' ? children.slice(1) : children;
}

/** `a`, `a.b.c`, `a.b['x'].c`, `a.list[0]`. */
function isChain(node: ASTNode): boolean {
  if (node.op === 'id') return true;
  if (node.op === '.') return isChain(node.args[0]);
  return node.op === '[]' && node.args[1].op === 'value' && isChain(node.args[0]);
}

function isFree(node: ASTNode, outside: readonly string[]): boolean {
  let free = true;
  walk(node, (each) => {
    if (each.op === 'id' && outside.includes(each.args)) free = false;
  });
  return free;
}

function bounded(value: unknown): unknown {
  if (!Array.isArray(value) || value.length <= ITEMS) return value;
  return [...value.slice(0, ITEMS), `... ${value.length - ITEMS} more`];
}

const shown = (result: Evaluated): string => {
  if ('value' in result) return short(result.value);
  return 'absent' in result ? 'absent' : `(${result.error})`;
};

const kept = (result: Evaluated): unknown => {
  if ('value' in result) return bounded(result.value);
  return 'absent' in result ? 'absent' : `error: ${result.error}`;
};

/** Puts values into an expression; `ask` evaluates a piece of it. */
export function explain(tree: ASTNode, ask: (text: string) => Evaluated): Explanation {
  const values: Record<string, unknown> = {};
  const alone = new Set<string>();
  const put = (node: ASTNode): string => {
    const text = print(node);
    const result = ask(text);
    if (node.op !== 'value') values[text] = kept(result);
    alone.add(text);
    return shown(result);
  };
  const render = (node: ASTNode, inside: boolean): string => {
    if (node.op === '&&' || node.op === '||') {
      const text = `${render(node.args[0], true)} ${node.op} ${render(node.args[1], true)}`;
      return inside ? `(${text})` : text;
    }
    if (node.op === '!_') return `!${render(node.args, true)}`;
    if (COMPARISONS.has(node.op)) {
      const [left, right] = childrenOf(node);
      const text = `${put(left!)} ${node.op} ${put(right!)}`;
      return inside ? `(${text})` : text;
    }
    return put(node);
  };
  const text = render(tree, false);
  const details: string[] = [];
  for (const leaf of leavesOf(tree)) {
    const name = print(leaf);
    if (alone.has(name)) continue;
    alone.add(name);
    const result = ask(name);
    values[name] = kept(result);
    details.push(`${name} ${shown(result)}`);
  }
  return { text: details.length > 0 ? `${text} (${details.join(', ')})` : text, measured: measured(tree, ask), values };
}

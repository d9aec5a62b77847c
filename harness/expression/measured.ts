import type { ASTNode } from '@marcbachmann/cel-js';
import type { Evaluated } from './evaluated.ts';
import { print } from './printer.ts';
import { COMPARISONS, short } from './short.ts';
import { childrenOf } from './syntax.ts';

/** Longer names are cut. */
const LONGEST = 40;

/** A name as a person would say it: `TcpExtListenDrops` for `after.server.TcpExtListenDrops`. */
function label(node: ASTNode): string {
  if (node.op === 'value') return '';
  if (node.op === '.') return String(node.args[1]);
  if (node.op === 'id') return node.args;
  // Which observation and host is said by the claim; what is counted is not.
  const text = print(node).replace(/\b(?:\w+\.){1,2}(?=(?:sent|received|packets|sockets|sysctl|Tcp\w+|Ip\w+)\b)/g, '');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 3)}...`;
}

/** Four digits of a measured time or ratio are enough. */
function brief(value: unknown): string {
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : short(value);
}

/**
 * What was measured, for a table: each comparison's left side with its name, and what it was held against where it
 * does not hold: `TcpExtListenDrops 540, not 526`.
 */
export function measured(tree: ASTNode, ask: (text: string) => Evaluated): string {
  const value = (node: ASTNode) => {
    const result = ask(print(node));
    return 'value' in result ? result.value : undefined;
  };
  const named = (node: ASTNode) => [label(node), brief(value(node))].filter(Boolean).join(' ');
  const parts: { text: string; holds: boolean }[] = [];
  const visit = (node: ASTNode, wanted: boolean): void => {
    if (node.op === '&&' || node.op === '||') childrenOf(node).forEach((child) => visit(child, wanted));
    else if (node.op === '!_') visit(node.args, !wanted);
    else if (COMPARISONS.has(node.op)) {
      const [left, right] = childrenOf(node) as [ASTNode, ASTNode];
      const holds = value(node) === wanted;
      const op = node.op === '==' ? '' : `${node.op} `;
      parts.push({ text: `${named(left)}${holds ? '' : `, not ${op}${brief(value(right))}`}`, holds });
    } else parts.push({ text: named(node), holds: value(node) === wanted });
  };
  visit(tree, true);
  const wrong = parts.filter(({ holds }) => !holds);
  const told = value(tree) === true || wrong.length === 0 ? parts : wrong;
  return [...new Set(told.map(({ text }) => text))].join('; ');
}

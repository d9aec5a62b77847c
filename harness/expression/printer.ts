import type { ASTNode } from '@marcbachmann/cel-js';

function literal(value: unknown): string {
  if (value instanceof Uint8Array)
    return `b"${[...value].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
  if (typeof value === 'string')
    return value.includes("'") || /[\\\n\r\t]/.test(value) ? JSON.stringify(value) : `'${value}'`;
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 1e21 ? value.toFixed(1) : String(value);
  // What is left of the literals as an object is the library's unsigned integer.
  return typeof value === 'object' && value !== null ? `${String(value)}u` : String(value);
}

const compound = new Set<string>('== != < <= > >= in + - * / % && || ?: !_ -_'.split(' ') satisfies readonly string[]);

/** An operand: in parentheses whenever it is an operation, so that no precedence has to be known. */
const operand = (node: ASTNode): string => (compound.has(node.op) ? `(${print(node)})` : print(node));
const list = (nodes: readonly ASTNode[]): string => nodes.map(print).join(', ');

/** Source that parses to the same tree (the library's own `serialize` loses parentheses). */
export function print(node: ASTNode): string {
  switch (node.op) {
    case 'value':
      return literal(node.args);
    case 'id':
      return node.args;
    case '.':
    case '.?':
      return `${operand(node.args[0])}${node.op}${node.args[1]}`;
    case '[]':
      return `${operand(node.args[0])}[${print(node.args[1])}]`;
    case '[?]':
      return `${operand(node.args[0])}[?${print(node.args[1])}]`;
    case 'call':
      return `${node.args[0]}(${list(node.args[1])})`;
    case 'rcall':
      return `${operand(node.args[1])}.${node.args[0]}(${list(node.args[2])})`;
    case 'list':
      return `[${list(node.args)}]`;
    case 'map':
      return `{${node.args.map(([key, value]) => `${print(key)}: ${print(value)}`).join(', ')}}`;
    case '?:':
      return `${operand(node.args[0])} ? ${operand(node.args[1])} : ${operand(node.args[2])}`;
    case '!_':
      return `!${operand(node.args)}`;
    case '-_':
      return `-${operand(node.args)}`;
    default:
      return `${operand(node.args[0])} ${node.op} ${operand(node.args[1])}`;
  }
}

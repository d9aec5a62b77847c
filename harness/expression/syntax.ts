import { Environment, type ASTNode } from '@marcbachmann/cel-js';

/** Calls whose first argument is a variable of their own, and how many arguments that makes them. */
const BINDERS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  filter: [2],
  map: [2, 3],
};

/** The variable that a comprehension such as `list.exists(p, ...)` binds. */
export function boundBy(node: ASTNode): string | undefined {
  if (node.op !== 'rcall') return undefined;
  const [name, , args] = node.args;
  const first = args[0];
  return BINDERS[name]?.includes(args.length) && first?.op === 'id' ? first.args : undefined;
}

export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return boundBy(node) === undefined ? [node.args[1], ...node.args[2]] : [node.args[1], ...node.args[2].slice(1)];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

/** Calls back for the node and everything below it, from the outside in; `bound` are the variables of comprehensions around it. */
export function walk(
  node: ASTNode,
  visit: (node: ASTNode, bound: readonly string[]) => void,
  bound: readonly string[] = [],
): void {
  visit(node, bound);
  const variable = boundBy(node);
  for (const [index, child] of childrenOf(node).entries()) {
    walk(child, visit, variable !== undefined && index > 0 ? [...bound, variable] : bound);
  }
}

let grammar: Environment | undefined;

/** The tree of an expression, without any types; throws ParseError. */
export function parse(source: string): ASTNode {
  grammar ??= new Environment({ unlistedVariablesAreDyn: true });
  return grammar.parse(source).ast;
}

/** One `<host>.sysctl[...]` in an expression; `name` is undefined where the index is no literal. */
export interface SysctlUse {
  name: string | undefined;
  start: number;
  end: number;
}

export function sysctlUses(source: string): SysctlUse[] {
  const uses: SysctlUse[] = [];
  walk(parse(source), (node) => {
    if (node.op !== '[]') return;
    const [map, index] = node.args;
    if (map.op !== '.' || map.args[1] !== 'sysctl') return;
    const name = index.op === 'value' && typeof index.args === 'string' ? index.args : undefined;
    uses.push({ name, start: index.start, end: index.end });
  });
  return uses;
}

/** Names in `.sysctl['...']`: what a record must read from the hosts. */
export const sysctlsIn = (source: string): string[] => [
  ...new Set(sysctlUses(source).flatMap(({ name }) => (name === undefined ? [] : [name]))),
];

/** Names at the root of an expression: hosts, params, steps, observations. */
export function rootsIn(source: string): Set<string> {
  const roots = new Set<string>();
  walk(parse(source), (node, bound) => {
    if (node.op === 'id' && !bound.includes(node.args)) roots.add(node.args);
  });
  return roots;
}

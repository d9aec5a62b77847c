import {
  EvaluationError,
  ParseError,
  TypeError as CelTypeError,
  type ASTNode,
  type Environment,
} from '@marcbachmann/cel-js';
import type { NameTypes } from '../scenario/model.ts';
import { hintFor, nearest } from './did-you-mean.ts';
import { FUNCTION_NAMES } from './functions.ts';
import { languageOf, type Language } from './language.ts';
import { print } from './printer.ts';
import { boundBy, childrenOf, sysctlUses } from './syntax.ts';

/** What is wrong with an expression; `start` and `end` are offsets into its source. */
export interface ExpressionProblem {
  message: string;
  start: number;
  end: number;
  hint?: string;
  /** Set when a name at the root is not known: a later step may make it. */
  unknown?: string;
}

type CelError = ParseError | CelTypeError | EvaluationError;
const isCelError = (error: unknown): error is CelError =>
  error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError;

const withHint = (problem: ExpressionProblem, hint: string | undefined): ExpressionProblem =>
  hint === undefined ? problem : { ...problem, hint };

/** The innermost node whose text covers the range. */
function nodeAt(node: ASTNode, start: number, end: number): ASTNode | undefined {
  for (const child of childrenOf(node)) {
    const found = nodeAt(child, start, end);
    if (found) return found;
  }
  return node.start <= start && node.end >= end ? node : undefined;
}

function knownFields(language: Language, tree: ASTNode, error: CelError): { type: string; fields: string[] } {
  const { start = 0, end = 0 } = error.range ?? {};
  const node = nodeAt(tree, start, end);
  const object = node && (node.op === '.' || node.op === '.?' || node.op === '[]') ? node.args[0] : undefined;
  const type = object ? language.environment.check(print(object)).type : undefined;
  const fields = type === undefined ? undefined : language.fields.get(type);
  if (type !== undefined && fields) return { type, fields: Object.keys(fields) };
  // Inside a comprehension the object's type is not at hand: packets and sockets are what people iterate.
  const both = [...Object.keys(language.fields.get('Packet')!), ...Object.keys(language.fields.get('Socket')!)];
  return { type: 'the value', fields: both };
}

/** What people call the types that have another name here. */
const SPOKEN: Readonly<Record<string, string>> = { Moment: 'observation', dyn: 'value of any type' };

function article(type: string): string {
  const spoken = SPOKEN[type] ?? type;
  return /^[aeiou]/i.test(spoken) ? `an ${spoken}` : `a ${spoken}`;
}

function overloadHint(summary: string): string | undefined {
  const sides = /overload: (.+) (==|!=|<|<=|>|>=|in|[-+*/%]) (.+)$/.exec(summary);
  if (!sides) return undefined;
  const [, left, , right] = sides;
  if ((left === 'int' && right === 'double') || (left === 'double' && right === 'int'))
    return 'write a whole number that is compared with a double as 1.0, or convert: double(x), int(x)';
  if (left === 'string' || right === 'string') return 'quotes make a string: 1 is a number, "1" is not';
  return undefined;
}

function describe(language: Language, tree: ASTNode | undefined, error: CelError, source: string): ExpressionProblem {
  const { start, end } = error.range ?? { start: 0, end: source.length };
  const at = { start, end: Math.max(end, start + 1) };
  const summary = error.summary;
  if (error.code === 'unknown_variable') {
    const name = /: (.+)$/.exec(summary)![1]!;
    return withHint({ message: `unknown name ${name}`, ...at, unknown: name }, hintFor(name, language.roots.keys()));
  }
  if (error.code === 'no_such_key' && tree) {
    const name = /: (.+)$/.exec(summary)![1]!;
    const { type, fields } = knownFields(language, tree, error);
    const message =
      type === 'Host' && /^[A-Z]/.test(name)
        ? `unknown counter ${name}`
        : `${type === 'the value' ? type : article(type)} has no ${name}`;
    return withHint({ message, ...at }, hintFor(name, fields));
  }
  if (error.code === 'no_matching_overload') {
    const call = /'(?:(.+)\.)?(\w+)\((.*)\)'$/.exec(summary);
    const name = call?.[2] ?? '';
    const known = FUNCTION_NAMES.includes(name);
    const on = call?.[1] === undefined ? '' : ` on ${article(call[1])}`;
    const message = known ? `${name}() does not take (${call?.[3] ?? ''})${on}` : `unknown function ${name}()`;
    const near = known ? undefined : nearest(name, FUNCTION_NAMES);
    return withHint({ message, ...at }, near === undefined ? undefined : `did you mean ${near}()?`);
  }
  if (error.code === 'no_such_overload') {
    const operands = summary.replace(/^no such overload: /, '');
    return withHint({ message: `no such operation: ${operands}`, ...at }, overloadHint(summary));
  }
  if (error instanceof ParseError) {
    const single = source[start] === '=' ? 'equality is ==' : undefined;
    return withHint({ message: `not a CEL expression: ${lower(summary)}`, ...at }, single);
  }
  return { message: lower(summary), ...at };
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

/** The library takes any has(a.b.c) where `a` exists: check each argument as a plain select. */
function checkHas(language: Language, node: ASTNode, environment: Environment): ExpressionProblem | undefined {
  if (node.op === 'call' && node.args[0] === 'has') {
    const [argument] = node.args[1];
    if (argument && argument.op === '.') {
      const result = environment.check(print(argument));
      if (!result.valid && result.error?.code === 'no_such_key') {
        const name = /: (.+)$/.exec(result.error.summary)![1]!;
        const type = environment.check(print(argument.args[0])).type ?? '';
        const fields = Object.keys(language.fields.get(type) ?? {});
        const start = argument.end - argument.args[1].length;
        const problem = {
          message: `has() asks for ${name}, which no ${type || 'value'} has`,
          start,
          end: argument.end,
        };
        return withHint(problem, hintFor(name, fields));
      }
      if (!result.valid && result.error) {
        return { message: lower(result.error.summary), start: argument.start, end: argument.end };
      }
    }
    return undefined;
  }
  const variable = boundBy(node);
  let inner = environment;
  if (variable !== undefined && node.op === 'rcall') {
    const item = /^list<(.+)>$/.exec(environment.check(print(node.args[1])).type ?? '')?.[1] ?? 'dyn';
    if (!environment.hasVariable(variable)) inner = environment.clone().registerVariable(variable, item);
  }
  for (const [index, child] of childrenOf(node).entries()) {
    const problem = checkHas(language, child, index > 0 ? inner : environment);
    if (problem) return problem;
  }
  return undefined;
}

/** Result types that are fine where another is wanted. */
const FITS: Readonly<Record<string, readonly string[]>> = { int: ['dyn'], double: ['dyn', 'int'], Packet: [] };

/** The first thing that is wrong with an expression whose result must be of type `want` (`dyn`: any), before anything runs. */
export function checkExpression(source: string, names: NameTypes, want: string): ExpressionProblem | undefined {
  const language = languageOf(names);
  const everything = { start: 0, end: source.length };
  if (source.trim() === '') return { message: 'the expression is empty', start: 0, end: 1 };
  let tree: ASTNode | undefined;
  try {
    const parsed = language.environment.parse(source);
    tree = parsed.ast;
    const result = parsed.check();
    if (!result.valid) {
      if (!isCelError(result.error)) return { message: String(result.error), ...everything };
      return describe(language, tree, result.error, source);
    }
    const problem = source.includes('has') ? checkHas(language, tree, language.environment) : undefined;
    if (problem) return problem;
    const dynamic = sysctlUses(source).find(({ name }) => name === undefined);
    if (dynamic) {
      return { message: 'sysctl[...] needs a name in quotes: what is read is known before anything runs', ...dynamic };
    }
    const type = result.type ?? 'dyn';
    if (want === 'dyn' || type === want || FITS[want]?.includes(type)) return undefined;
    const message = `the expression is ${article(type)}, and it must be ${article(want)}`;
    return withHint({ message, ...everything }, want === 'bool' ? 'compare it with something: ==, <, >=' : undefined);
  } catch (error) {
    if (!isCelError(error)) throw error;
    return describe(language, tree, error, source);
  }
}

import { EvaluationError, type ASTNode } from '@marcbachmann/cel-js';
import type { FieldValue, Packet, Scope, SocketRow } from '../evidence/model.ts';
import type { NameTypes } from '../scenario/model.ts';
import type { Evaluated } from './evaluated.ts';
import { explain, type Explanation } from './explain.ts';
import { kernelClock } from './functions.ts';
import { languageOf } from './language.ts';
import { rootsIn, sysctlsIn } from './syntax.ts';
import { fromCel } from './values.ts';
import { HOST_FIELDS } from './views.ts';

export interface Compiled {
  readonly source: string;
  /** Reads only what the expression touches. */
  evaluate(scope: Scope): Evaluated;
  /** The expression with its values put in, for people, and the values. */
  explain(scope: Scope): Explanation;
}

const caches = new WeakMap<NameTypes, Map<string, Compiled>>();

/** An expression that checkExpression() found right, ready to ask again and again. */
export function compile(source: string, names: NameTypes): Compiled {
  let cache = caches.get(names);
  if (!cache) caches.set(names, (cache = new Map()));
  let compiled = cache.get(source);
  if (!compiled) cache.set(source, (compiled = create(source, names)));
  return compiled;
}

function create(source: string, names: NameTypes): Compiled {
  const { environment, roots } = languageOf(names);
  const parsed = environment.parse(source);
  const used = [...rootsIn(source)].flatMap((name) => {
    const value = roots.get(name);
    return value ? [{ name, value }] : [];
  });
  const sysctls = sysctlsIn(source);

  const run = (evaluate: (context: object) => unknown, scope: Scope): Evaluated => {
    kernelClock.hz = scope.hz;
    try {
      const context = new Map(used.map(({ name, value }) => [name, value(scope)]));
      return { value: fromCel(evaluate(context)) as FieldValue | Packet | SocketRow | null };
    } catch (error) {
      return failure(error, scope, sysctls);
    }
  };
  const parts = new Map<string, (context: object) => unknown>();
  const part = (text: string, scope: Scope): Evaluated => {
    let evaluate = parts.get(text);
    if (!evaluate) parts.set(text, (evaluate = environment.parse(text)));
    return run(evaluate, scope);
  };
  const tree: ASTNode = parsed.ast;
  return {
    source,
    evaluate: (scope) => run(parsed, scope),
    explain: (scope) => explain(tree, (text) => part(text, scope)),
  };
}

/** What an evaluation that threw means. */
function failure(error: unknown, scope: Scope, sysctls: readonly string[]): Evaluated {
  if (!(error instanceof EvaluationError)) return { error: error instanceof Error ? error.message : String(error) };
  const key = /^No such key: (.+)$/.exec(error.summary)?.[1];
  if (key !== undefined && HOST_FIELDS[key] === 'int') return { absent: key };
  if (key !== undefined && !/index out of bounds/.test(key)) return { error: `${key} has no value at this moment` };
  if (error.code === 'unknown_variable')
    return { error: `${error.summary.replace(/^.*: /, '')} has no value at this moment` };
  // A sysctl that the kernel lacks is the string `absent`, with which nothing can be computed.
  if (error.code === 'no_such_overload' || error.code === 'no_matching_overload') {
    const hosts = Object.values(scope.hosts);
    const lacking = sysctls.find((name) => hosts.some(({ sysctl }) => sysctl[name] === 'absent'));
    if (lacking !== undefined) return { absent: lacking };
  }
  // The library says `size undefined` of an empty list.
  return { error: error.summary.replace(/^No such key: (?=index)/, '').replace(/size undefined$/, 'size 0') };
}

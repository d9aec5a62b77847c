import { checkExpression } from '../expression/check.ts';
import { hintFor } from '../expression/did-you-mean.ts';
import { sysctlUses } from '../expression/syntax.ts';
import type { Reference } from './fields.ts';
import type { NameTypes } from './model.ts';
import type { Names } from './names.ts';
import type { Problem } from './problem.ts';
import type { Referring } from './references.ts';
import type { Path, Source } from './source.ts';
import { isSysctl, SYSCTL_NAMES } from './sysctls.ts';

export interface ReferenceContext {
  source: Source;
  names: Names;
  /** Names that steps make, to the number of the step: a name that a later step makes is a mistake of order. */
  makers: ReadonlyMap<string, number>;
}

interface Wrong {
  message: string;
  hint?: string | undefined;
}

const articled = (type: string) => (/^[aeiou]/i.test(type) ? `an ${type.toLowerCase()}` : `a ${type.toLowerCase()}`);

function unknownHost(name: string, { names }: ReferenceContext): Wrong | undefined {
  if (names.hosts.includes(name)) return undefined;
  return { message: `unknown host ${name}`, hint: hintFor(name, names.hosts) };
}

function unknownName(name: string, types: readonly string[], context: ReferenceContext): Wrong | undefined {
  const { names, makers } = context;
  const outcome = names.outcome(name);
  const fitting = names.outcomeNames(types);
  const wanted = types.map(articled).join(' or ') || 'a step';
  if (outcome && (types.length === 0 || types.includes(outcome.type))) return undefined;
  if (outcome)
    return {
      message: `${name} is ${articled(outcome.type)}, and ${wanted} is needed here`,
      hint: hintFor(name, fitting),
    };
  const maker = makers.get(name);
  if (maker !== undefined)
    return {
      message: `${name} does not exist yet: step ${maker} makes it`,
      hint: 'a step can only name what an earlier step made',
    };
  return { message: `no step is named ${name}`, hint: hintFor(name, fitting) };
}

/** `host:port`, or the name of a listener. */
function wrongTarget(text: string, context: ReferenceContext): Wrong | undefined {
  const [host = '', port, ...rest] = text.split(':');
  if (port === undefined) {
    const wrong = unknownName(text, ['Listener'], context);
    if (!wrong || !context.names.hosts.includes(text)) return wrong;
    return {
      message: `${text} is a host: a target needs a port too`,
      hint: `write ${text}:80, or the name of a listen step`,
    };
  }
  const unknown = unknownHost(host, context);
  if (unknown) return unknown;
  const valid = rest.length === 0 && /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
  return valid ? undefined : { message: `${text} has no port of 1 to 65535` };
}

/** `c`, or `c@host`. */
function wrongEnd(text: string, context: ReferenceContext): Wrong | undefined {
  const [name = '', host, ...rest] = text.split('@');
  if (rest.length > 0 || host === '')
    return { message: `${text} is no end of a connection`, hint: 'write name, or name@host' };
  return unknownName(name, ['Connection'], context) ?? (host === undefined ? undefined : unknownHost(host, context));
}

export function wrongSysctl(name: string): Wrong | undefined {
  if (isSysctl(name)) return undefined;
  return { message: `no kernel has a sysctl ${name}`, hint: hintFor(name, SYSCTL_NAMES) };
}

type Check = (reference: Reference, text: string, context: ReferenceContext) => Wrong | undefined;
const CHECKS: Readonly<Record<Exclude<Reference['kind'], 'cel' | 'makes'>, Check>> = {
  host: (_, text, context) => unknownHost(text, context),
  name: (reference, text, context) => unknownName(text, reference.kind === 'name' ? reference.types : [], context),
  target: (_, text, context) => wrongTarget(text, context),
  end: (_, text, context) => wrongEnd(text, context),
  sysctl: (_, text) => wrongSysctl(text),
};

/** What is wrong with a reference of a step. A name that the step itself makes is looked at by wrongMaking(). */
export function checkReference(referring: Referring, path: Path, context: ReferenceContext): Problem[] {
  const { reference, text, key } = referring;
  if (reference.kind === 'makes') return [];
  if (reference.kind === 'cel') return checkCel(text, reference.type, path, context.names.types(), context);
  const wrong = CHECKS[reference.kind](reference, text, context);
  return wrong ? [context.source.problem(path, wrong.message, { hint: wrong.hint, key })] : [];
}

/** What is wrong with a name that a step makes. */
export function wrongMaking(name: string, names: Names): Wrong | undefined {
  const taken = names.takenBy(name);
  return taken === undefined
    ? undefined
    : { message: `the name ${name} is taken: it is ${taken}`, hint: 'hosts, params and steps share one name space' };
}

/** Problems of an expression at a path, at their own columns. */
export function checkCel(
  text: string,
  want: string,
  path: Path,
  types: NameTypes,
  { source, makers }: Pick<ReferenceContext, 'source' | 'makers'>,
): Problem[] {
  const wrong = checkExpression(text, types, want);
  if (wrong) {
    const maker = wrong.unknown === undefined ? undefined : makers.get(wrong.unknown);
    const message = maker === undefined ? wrong.message : `${wrong.unknown} does not exist yet: step ${maker} makes it`;
    return [source.problemWithin(path, wrong, message, maker === undefined ? wrong.hint : undefined)];
  }
  return sysctlUses(text).flatMap(({ name, start, end }) => {
    const unknown = name === undefined ? undefined : wrongSysctl(name);
    return unknown ? [source.problemWithin(path, { start, end }, unknown.message, unknown.hint)] : [];
  });
}

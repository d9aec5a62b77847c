import { z } from 'zod';
import { checkCel } from './check-reference.ts';
import { problemsOf } from './issues.ts';
import type { Expression, NameTypes, Plan, PlannedExpectation } from './model.ts';
import { ScenarioError } from './problem.ts';
import { Source } from './source.ts';

/** What holds for the packets of every host, whatever the scenario. */
export interface Law {
  id: string;
  source: { article: string; section?: string | undefined };
  says: string;
  /** `$host` stands for the host. */
  that: Expression;
  /** Kinds of steps whose host it is not about, as they forge segments there; tags of scenarios that it is not about. */
  except: readonly string[];
}

const word = z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes');
const sentence = z.string().trim().min(1);

const schema = z.array(
  z.strictObject({
    id: word,
    source: z.strictObject({ article: word, section: sentence.optional() }),
    says: sentence,
    that: sentence.includes('$host', { error: 'a law is about $host' }),
    except: z.array(word).default([]),
  }),
);

/** As long as `$host`, so that what is wrong with a law is shown at its own columns. */
const ANY_HOST = ' host';
const NAMES: NameTypes = { hosts: [ANY_HOST.trim()], observations: [], params: {}, outcomes: {} };

const about = (cel: string, host: string) => cel.replaceAll('$host', host);

/** Reads laws.yaml: a list of laws, each id once. */
export function parseLaws(text: string, file: string): Law[] {
  const source = Source.read(text, file);
  const shape = schema.safeParse(source.value);
  if (!shape.success) throw new ScenarioError(problemsOf(shape.error.issues, schema, source.value, source, []));
  const problems = shape.data.flatMap(({ id, that }, index) => [
    ...(shape.data.findIndex((law) => law.id === id) < index
      ? [source.problem([index, 'id'], `there is another law ${id}`)]
      : []),
    ...checkCel(about(that, ANY_HOST), 'bool', [index, 'that'], NAMES, { source, makers: new Map() }),
  ]);
  if (problems.length > 0) throw new ScenarioError(problems);
  return shape.data.map((law, index) => ({
    ...law,
    that: { cel: law.that, position: source.position([index, 'that']) },
  }));
}

const FLOOD = 'flood';

/** The laws that a plan must keep, as expectations about each of its hosts. */
export function lawsFor(
  { hosts, steps, tags }: Pick<Plan, 'hosts' | 'steps' | 'tags'>,
  laws: readonly Law[],
): PlannedExpectation[] {
  const forges = (host: string, kinds: readonly string[]) =>
    steps.some(({ kind, args }) => kinds.includes(kind) && args['from'] === host);
  // Ten thousand answers to a flood are all alike, and to look at each takes the thread from the labs beside.
  if (steps.some(({ kind }) => kind === FLOOD)) return [];
  return laws
    .filter(({ except }) => !except.some((tag) => tags.includes(tag)))
    .flatMap(({ id, that: { cel, position }, except }) =>
      Object.keys(hosts)
        .filter((host) => !forges(host, except))
        .map((host) => ({ law: id, that: { cel: about(cel, host), position } })),
    );
}

import { z } from 'zod';
import { problemsOf } from './issues.ts';
import { ScenarioError } from './problem.ts';
import { Source } from './source.ts';

export interface TcpState {
  /** As `ss` prints it; CLOSED has no row there. */
  id: string;
  held: string;
  ends: string;
}

/** Where an arrow is walked: two observations of a scenario, on each side of what makes a socket of this host take it. */
export interface Walk {
  scenario: string;
  host: string;
  before: string;
  after: string;
}

export interface Arrow {
  /** `SYN-SENT->CLOSED`, with a word after a comma where two events lead the same way. */
  id: string;
  from: string;
  to: string;
  /** What makes a socket take it. */
  by: string;
  /** Or why no program can make a kernel take it. */
  walk: Walk | { unreachable: string };
}

export interface StateDiagram {
  states: readonly TcpState[];
  arrows: readonly Arrow[];
}

/** How much of the diagram a run has shown. */
export interface Coverage {
  seen: readonly TcpState[];
  unseen: readonly TcpState[];
  proven: readonly Arrow[];
  /** Walked by scenarios that the run does not have. */
  absent: readonly { arrow: Arrow; scenario: string }[];
  /** Walked, and not proven all the same; with the reason in a few words. */
  missing: readonly { arrow: Arrow; why: string }[];
  /** Shown in no run. */
  unreachable: readonly { arrow: Arrow; why: string }[];
}

const text = z.string().min(1);
const common = { id: z.string().regex(/^[A-Z0-9-]+->[A-Z0-9-]+(, .+)?$/, 'STATE->STATE'), by: text };
const schema = z.strictObject({
  states: z.array(z.strictObject({ id: z.string().regex(/^[A-Z0-9-]+$/), held: text, ends: text })),
  arrows: z.array(
    z.union([
      z.strictObject({ ...common, scenario: text, host: text, before: text, after: text }),
      z.strictObject({ ...common, unreachable: text }),
    ]),
  ),
});

/** Reads states.yaml: each state once, and arrows between them, each once. */
export function parseStateDiagram(content: string, file: string): StateDiagram {
  const source = Source.read(content, file);
  const shape = schema.safeParse(source.value);
  if (!shape.success) throw new ScenarioError(problemsOf(shape.error.issues, schema, source.value, source, []));
  const { states } = shape.data;
  const known = new Set(states.map(({ id }) => id));
  const problems = shape.data.arrows.flatMap(({ id }, index, all) => [
    ...(all.findIndex((other) => other.id === id) < index
      ? [source.problem(['arrows', index, 'id'], `there is another arrow ${id}`)]
      : []),
    ...endsOf(id)
      .filter((end) => !known.has(end))
      .map((end) => source.problem(['arrows', index, 'id'], `there is no state ${end}`)),
  ]);
  if (problems.length > 0) throw new ScenarioError(problems);
  const arrows = shape.data.arrows.map(({ id, by, ...walk }): Arrow => {
    const [from, to] = endsOf(id);
    return { id, from, to, by, walk };
  });
  return { states, arrows };
}

function endsOf(id: string): [from: string, to: string] {
  const [from = '', to = ''] = id.split(', ')[0]!.split('->');
  return [from, to];
}

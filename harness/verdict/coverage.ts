import type { ObservationOfRecord, ScenarioRecord } from '../results/record.ts';
import type { Arrow, Coverage, StateDiagram, Walk } from '../scenario/state-diagram.ts';

type Sockets = ObservationOfRecord['hosts'][string]['sockets'];
type Socket = Sockets[number];

/** What it takes of a record. */
interface Shown {
  scenario: Pick<ScenarioRecord['scenario'], 'id'>;
  observations: ScenarioRecord['observations'];
}

/**
 * What of the diagram the socket tables of these records show. A state is seen where any observation has a socket in it,
 * CLOSED where an arrow to or from it is proven. An arrow is proven by its own two observations only.
 */
export function coverageOf({ states, arrows }: StateDiagram, records: readonly Shown[]): Coverage {
  const present = new Set(records.map(({ scenario }) => scenario.id));
  const walks = arrows.flatMap((arrow) => ('unreachable' in arrow.walk ? [] : [{ arrow, walk: arrow.walk }]));
  const walked = walks
    .filter(({ walk }) => present.has(walk.scenario))
    .map(({ arrow, walk }) => ({ arrow, why: whyNotProven(arrow, walk, records) }));
  const proven = walked.filter(({ why }) => why === '').map(({ arrow }) => arrow);
  const rows = records.flatMap(({ observations }) =>
    Object.values(observations).flatMap(({ hosts }) => Object.values(hosts).flatMap(({ sockets }) => sockets)),
  );
  const shown = new Set([...rows.map(({ state }) => state), ...proven.flatMap(({ from, to }) => [from, to])]);
  return {
    seen: states.filter(({ id }) => shown.has(id)),
    unseen: states.filter(({ id }) => !shown.has(id)),
    proven,
    absent: walks
      .filter(({ walk }) => !present.has(walk.scenario))
      .map(({ arrow, walk }) => ({ arrow, scenario: walk.scenario })),
    missing: walked.filter(({ why }) => why !== ''),
    unreachable: arrows.flatMap((arrow) =>
      'unreachable' in arrow.walk ? [{ arrow, why: arrow.walk.unreachable }] : [],
    ),
  };
}

/** Empty where one of the records proves it. */
function whyNotProven({ from, to }: Arrow, walk: Walk, records: readonly Shown[]): string {
  const own = records.filter(({ scenario }) => scenario.id === walk.scenario);
  const pairs = own.flatMap(({ observations }) => {
    const [before, after] = [walk.before, walk.after].map((name) => observations[name]?.hosts[walk.host]?.sockets);
    return before && after ? [{ before, after }] : [];
  });
  if (pairs.length === 0) return `${walk.scenario} did not get as far as ${walk.after}`;
  const proven = pairs.some(({ before, after }) =>
    [...before, ...after].some((one) => isIn(from, one, before) && isIn(to, one, after)),
  );
  return proven
    ? ''
    : `${walk.scenario} shows no socket in ${from} at ${walk.before} that is in ${to} at ${walk.after}`;
}

/**
 * Whether the connection of this socket is in a state there. It is CLOSED where no row is left of it. In LISTEN it is a
 * listener, or what a listener at its local end would make a new connection of: Linux keeps requests in rows of their own.
 */
function isIn(state: string, one: Socket, sockets: Sockets): boolean {
  const row = sockets.find((other) => isSame(one, other));
  if (state === 'CLOSED' || row !== undefined) return (row?.state ?? 'CLOSED') === state;
  return state === 'LISTEN' && sockets.some((other) => other.state === 'LISTEN' && listensFor(other, one));
}

const isSame = (a: Socket, b: Socket): boolean =>
  a.localPort === b.localPort &&
  a.remotePort === b.remotePort &&
  a.localAddress === b.localAddress &&
  a.remoteAddress === b.remoteAddress;

const ANY = ['0.0.0.0', '::'];

const listensFor = (listener: Socket, one: Socket): boolean =>
  listener.localPort === one.localPort && [...ANY, one.localAddress].includes(listener.localAddress);

import { readFileSync } from 'node:fs';
import t from 'tap';
import { coverageMarkdown, coverageText } from '../report/coverage-text.ts';
import { parseStateDiagram } from '../scenario/state-diagram.ts';
import { coverageOf } from './coverage.ts';

const FILE = new URL('../../scenarios/states.yaml', import.meta.url);
const DIAGRAM = parseStateDiagram(readFileSync(FILE, 'utf8'), 'states.yaml');

type Shown = Parameters<typeof coverageOf>[1][number];
type Row = Shown['observations'][string]['hosts'][string]['sockets'][number];

/** A row such as `ESTAB 192.0.2.1:80 192.0.2.2:40000`. */
function row(line: string): Row {
  const [state = '', local = '', remote = '0.0.0.0:0'] = line.split(' ');
  const [localAddress = '', localPort] = local.split(':');
  const [remoteAddress = '', remotePort] = remote.split(':');
  const rest = { recvQ: 0, sendQ: 0, inode: 1, timer: 'off', timerLeft: 0, retransmits: 0, drops: 0 };
  const ports = { localPort: Number(localPort), remotePort: Number(remotePort) };
  return { state, localAddress, remoteAddress, ...ports, ...rest };
}

/** A record of the scenario `one` with the tables of `host` before and after. */
const shown = (before: readonly string[], after: readonly string[]): Shown => ({
  scenario: { id: 'one' },
  observations: Object.fromEntries(
    Object.entries({ a: before, b: after }).map(([name, lines], at) => [
      name,
      { at, hosts: { host: { counters: {}, sockets: lines.map(row) } } },
    ]),
  ),
});

const diagram = (...ids: string[]) =>
  parseStateDiagram(
    `states: [${DIAGRAM.states.map(({ id }) => `{ id: ${id}, held: x, ends: y }`).join(', ')}]\narrows:\n${ids
      .map((id) => `  - { id: '${id}', by: z, scenario: one, host: host, before: a, after: b }\n`)
      .join('')}`,
    'states.yaml',
  );

const L = 'LISTEN 192.0.2.1:80';
const c = (state: string, remote = '192.0.2.2:40000') => `${state} 192.0.2.1:80 ${remote}`;

t.test('an arrow is proven by the same socket on both sides', async (t) => {
  const cases: [id: string, before: string[], after: string[], proven: boolean][] = [
    ['ESTAB->CLOSE-WAIT', [L, c('ESTAB')], [L, c('CLOSE-WAIT')], true],
    ['ESTAB->CLOSE-WAIT', [c('ESTAB')], [c('CLOSE-WAIT', '192.0.2.2:40001')], false],
    ['ESTAB->CLOSE-WAIT', [c('ESTAB')], [c('CLOSE-WAIT', '192.0.2.3:40000')], false],
    ['ESTAB->CLOSE-WAIT', [c('ESTAB')], ['CLOSE-WAIT 192.0.2.1:81 192.0.2.2:40000'], false],
    ['ESTAB->CLOSE-WAIT', [c('CLOSE-WAIT')], [c('ESTAB')], false],
    ['ESTAB->CLOSE-WAIT', [c('ESTAB')], [c('ESTAB')], false],
    ['ESTAB->CLOSE-WAIT', [], [c('CLOSE-WAIT')], false],
    // CLOSED is the absence of a row, whether or not somebody listens.
    ['CLOSED->LISTEN', [], [L], true],
    ['CLOSED->LISTEN', [L], [L], false],
    ['LISTEN->CLOSED', [L], [], true],
    ['LISTEN->CLOSED', [L], [L], false],
    ['CLOSED->SYN-SENT', [], [c('SYN-SENT')], true],
    ['CLOSED->SYN-SENT', [c('SYN-SENT')], [c('SYN-SENT')], false],
    ['LAST-ACK->CLOSED', [L, c('LAST-ACK')], [L], true],
    ['LAST-ACK->CLOSED', [L, c('LAST-ACK')], [L, c('LAST-ACK')], false],
    ['LAST-ACK->CLOSED', [L, c('ESTAB')], [L], false],
    // A request has a row of its own beside the listener's.
    ['LISTEN->SYN-RECV', [L], [L, c('SYN-RECV')], true],
    ['LISTEN->SYN-RECV', ['LISTEN 0.0.0.0:80'], [c('SYN-RECV')], true],
    ['LISTEN->SYN-RECV', ['LISTEN 192.0.2.9:80'], [c('SYN-RECV')], false],
    ['LISTEN->SYN-RECV', ['LISTEN 192.0.2.1:81'], [c('SYN-RECV')], false],
    ['LISTEN->SYN-RECV', [L, c('SYN-RECV')], [L, c('SYN-RECV')], false],
    ['LISTEN->SYN-RECV', [], [L, c('SYN-RECV')], false],
    ['SYN-RECV->LISTEN', [L, c('SYN-RECV')], [L], true],
    ['SYN-RECV->LISTEN', [L, c('SYN-RECV')], [], false],
    ['SYN-RECV->LISTEN', [L, c('SYN-RECV')], [L, c('ESTAB')], false],
  ];
  for (const [id, before, after, proven] of cases) {
    const { proven: list, missing } = coverageOf(diagram(id), [shown(before, after)]);
    t.same([list.length, missing.length], proven ? [1, 0] : [0, 1], `${id}: ${before.join()} then ${after.join()}`);
  }
});

t.test('any record of its scenario proves an arrow, no other does', async (t) => {
  const one = diagram('ESTAB->CLOSE-WAIT');
  const [good, bad] = [shown([c('ESTAB')], [c('CLOSE-WAIT')]), shown([c('ESTAB')], [c('ESTAB')])];
  t.equal(coverageOf(one, [bad, good]).proven.length, 1);
  const why = (...records: Shown[]) => coverageOf(one, records).missing.map((each) => each.why);
  const { absent, missing } = coverageOf(one, [{ ...good, scenario: { id: 'other' } }]);
  t.match(absent, [{ arrow: { id: 'ESTAB->CLOSE-WAIT' }, scenario: 'one' }]);
  t.same(missing, []);
  t.same(why(bad), ['one shows no socket in ESTAB at a that is in CLOSE-WAIT at b']);
  const { a } = good.observations;
  t.same(why({ ...good, observations: { a: a! } }), ['one did not get as far as b']);
  t.same(why({ ...good, observations: { a: a!, b: { at: 1, hosts: {} } } }), ['one did not get as far as b']);
});

t.test('states seen', async (t) => {
  const seen = (id: string, ...records: Shown[]) => coverageOf(diagram(id), records).seen.map((state) => state.id);
  const elsewhere = { ...shown([L], [c('TIME-WAIT')]), scenario: { id: 'other' } };
  t.same(seen('ESTAB->CLOSE-WAIT', elsewhere), ['LISTEN', 'TIME-WAIT'], 'in any scenario');
  t.same(seen('TIME-WAIT->CLOSED', shown([c('TIME-WAIT')], [])), ['CLOSED', 'TIME-WAIT'], 'CLOSED by an arrow');
  t.same(seen('TIME-WAIT->CLOSED', shown([], [])), [], 'an empty table is no proof');
  t.equal(coverageOf(diagram('TIME-WAIT->CLOSED'), []).unseen.length, 11);
});

t.test('states.yaml', async (t) => {
  t.equal(DIAGRAM.states.length, 11);
  const unreachable = DIAGRAM.arrows.filter(({ walk }) => 'unreachable' in walk).map(({ id }) => id);
  t.same(unreachable, ['LISTEN->SYN-SENT']);
  for (const { id, walk } of DIAGRAM.arrows) {
    if ('unreachable' in walk) continue;
    const text = readFileSync(new URL(`../../scenarios/${walk.scenario}.yaml`, import.meta.url), 'utf8');
    const [before, after] = [walk.before, walk.after].map((name) => text.indexOf(`  - observe: ${name}\n`));
    t.ok(before! > 0 && after! > before!, `${id}: ${walk.scenario} observes ${walk.before}, then ${walk.after}`);
    t.match(text, new RegExp(`hosts:[^\\[]*\\b${walk.host}:`), `${id}: it has a host ${walk.host}`);
  }
  const broken = (arrow: string) => () => parseStateDiagram(`states: []\narrows: [${arrow}]`, 'mine.yaml');
  const walk = 'by: x, scenario: s, host: h, before: a, after: b';
  t.throws(broken(`{ id: A->B, ${walk} }`), /no state A[^]*no state B/);
  t.throws(broken(`{ id: A, ${walk} }`));
  t.throws(broken('{ id: A->B, by: x }'));
  t.throws(broken(`{ id: A->A, ${walk} }, { id: A->A, ${walk} }`), /another arrow A->A/);
});

t.test('the figure in words', async (t) => {
  const three = diagram('ESTAB->CLOSE-WAIT', 'TIME-WAIT->CLOSED', 'CLOSED->LISTEN');
  const arrows = three.arrows.map((arrow) =>
    arrow.to === 'LISTEN' ? { ...arrow, walk: { unreachable: 'no such call' } } : arrow,
  );
  const coverage = coverageOf({ ...three, arrows }, [shown([c('ESTAB')], [c('CLOSE-WAIT')])]);
  t.same(coverageText({ ...coverage, unseen: coverage.unseen.slice(0, 1) }, 200), [
    'state coverage: states 2/3, arrows 1/3',
    '  states not seen: CLOSED',
    '  not proven: TIME-WAIT->CLOSED, z: one shows no socket in TIME-WAIT at a that is in CLOSED at b',
    '  not reachable from user space: CLOSED->LISTEN, z: no such call',
  ]);
  t.same(coverageText(coverageOf(three, []), 200).slice(-1), ['  not in this run: 3 arrows of one']);
  const page = coverageMarkdown(coverage).join('\n');
  t.match(page, /^## State coverage\n\nstates 2\/11, arrows 1\/3\n/);
  t.match(page, 'one: host, from a to b');
  t.match(page, 'not reachable from user space: no such call');
});

import t from 'tap';
import type { Change } from './model.ts';
import { formatProblem, ScenarioError } from './problem.ts';
import { parseArticles } from './articles.ts';
import { parseChanges } from './changes.ts';
import { parseLaws } from './laws.ts';
import { parseProfiles } from './profiles.ts';
import { parseScenario, type ScenarioContext } from './scenario.ts';
import { STEPS } from '../steps/registry.ts';

const change = (id: string): Change => ({
  id,
  of: 'linux',
  commit: '0123456789ab',
  subject: 's',
  about: 'a',
  mainline: '4.10',
  backports: {},
  vendors: {},
});

const context: ScenarioContext = {
  steps: STEPS,
  profiles: { 'syn-accept-queues': { about: 'a', sysctl: { 'net.ipv4.tcp_syncookies': 1 } } },
  changes: [change('accept-full-drops-syn'), change('syn-queue-is-backlog')],
  articles: ['syn-accept-queues'],
  laws: [],
};

/** Lines 1 to 8; a case adds its own from line 9 on. */
const HEAD = `title: A case
about: What is wrong here.
hosts: { server: {}, client: {} }
params: { backlog: 1, name: x }
steps:
  - listen: { on: server, port: 8080, backlog: $backlog, accept: none, as: web }
  - connect: { from: client, to: web, as: c }
  - observe: after
`;

interface Bad {
  what: string;
  text: string;
  /** line:column of the first problem. */
  at: string;
  says: RegExp;
  hint?: RegExp;
}

const after = (rest: string) => HEAD + rest;
const step = (text: string) => after(`  - ${text}\n`);
const that = (cel: string) => after(`expect:\n  - that: ${cel}\n`);
const claim = (lines: string) =>
  after(`claims:\n  - id: a\n    source: { article: syn-accept-queues }\n    says: something\n${lines}`);

const CASES: readonly Bad[] = [
  // The form of the file
  { what: 'an unclosed list', text: 'title: [a\n', at: '2:1', says: /not valid YAML/ },
  { what: 'a tab as indentation', text: 'title: a\nhosts:\n\tserver: {}\n', at: '3:1', says: /not valid YAML/ },
  { what: 'an unclosed quote', text: 'title: "a\n', at: '2:1', says: /not valid YAML/ },
  { what: 'a colon inside a plain text', text: 'title: a: b\n', at: '1:8', says: /not valid YAML/ },
  { what: 'a tag', text: HEAD.replace('title: A', 'title: !!str A'), at: '1:8', says: /tags are not used/ },
  { what: 'a tag of its own', text: HEAD.replace('title: A', 'title: !js A'), at: '1:8', says: /tags are not used/ },
  { what: 'a duplicate key', text: `title: twice\n${HEAD}`, at: '2:1', says: /key stands twice/ },
  { what: 'a merge key', text: after('claims:\n  - <<: { id: a }\n'), at: '10:5', says: /merge keys/ },
  { what: 'two documents', text: `${HEAD}---\ntitle: b\n`, at: '9:1', says: /more than one document/, hint: /---/ },
  { what: 'an empty file', text: '', at: '1:1', says: /file is empty/, hint: /tcplab init/ },
  { what: 'only a comment', text: '# nothing\n', at: '1:1', says: /file is empty/ },
  { what: 'a map as a key', text: `${HEAD}? { a: 1 }\n: b\n`, at: '9:3', says: /key must be a plain word/ },
  { what: 'an unknown alias', text: HEAD.replace('title: A case', 'title: *nope'), at: '1:8', says: /no anchor &nope/ },
  {
    what: 'an alias bomb',
    text: `title: &a [x, x]\nabout: &b [${'*a, '.repeat(25)}]\ntags: [${'*b, '.repeat(26)}]\n`,
    at: '3:108',
    says: /more than 50 aliases/,
  },
  {
    what: 'aliases that multiply',
    text: `a: &a [x, x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
    at: '1:1',
    says: /aliases expand to too much/,
  },
  { what: 'a list as the file', text: '- a\n', at: '1:1', says: /must be a map/ },
  // Keys and types of the file
  {
    what: 'an unknown key',
    text: after('expects: []\n'),
    at: '9:1',
    says: /unknown key expects/,
    hint: /did you mean expect\?/,
  },
  { what: 'no title', text: HEAD.replace('title: A case\n', ''), at: '1:1', says: /title is missing/ },
  {
    what: 'a number as the title',
    text: HEAD.replace('A case', '7'),
    at: '1:8',
    says: /title must be a text, and is 7/,
  },
  { what: 'no hosts', text: HEAD.replace('{ server: {}, client: {} }', '{}'), at: '3:1', says: /at least one host/ },
  {
    what: 'an unknown key of a host',
    text: HEAD.replace('client: {}', 'client: { sysctls: {} }'),
    at: '3:32',
    says: /unknown key sysctls/,
    hint: /sysctl\?/,
  },
  { what: 'a host name with a dash', text: HEAD.replace('client:', 'my-client:'), at: '3:22', says: /not a name/ },
  { what: 'a bad duration', text: after('lasts: 13\n'), at: '9:8', says: /lasts must be a text/ },
  { what: 'a duration without a unit', text: after('lasts: "13"\n'), at: '9:8', says: /number and a unit/ },
  {
    what: 'params of different types',
    text: HEAD.replace('backlog: 1,', 'backlog: [1, a],'),
    at: '4:11',
    says: /different types/,
  },
  {
    what: 'a range upside down',
    text: HEAD.replace('backlog: 1,', 'backlog: { from: 5, to: 1 },'),
    at: '4:11',
    says: /from must not be greater/,
  },
  {
    what: 'a sweep without end',
    text: HEAD.replace('backlog: 1,', 'backlog: { from: 0, to: 5000 },'),
    at: '4:1',
    says: /at most 1000/,
  },
  {
    what: 'no steps',
    text: 'title: a\nabout: b\nhosts: { a: {} }\nsteps: []\n',
    at: '4:1',
    says: /steps must be not empty/,
  },
  {
    what: 'a link to an unknown host',
    text: after('links: [[server, clint]]\n'),
    at: '9:18',
    says: /unknown host clint/,
    hint: /client/,
  },
  { what: 'a link with itself', text: after('links: [[server, server]]\n'), at: '9:18', says: /with itself/ },
  // Steps
  {
    what: 'an unknown step',
    text: step('lisen: { on: server }'),
    at: '9:5',
    says: /unknown step lisen/,
    hint: /listen/,
  },
  {
    what: 'two keys in a step',
    text: step('observe: x\n    until: "true"'),
    at: '10:5',
    says: /has one key, its kind/,
  },
  { what: 'a step that is a word', text: step('observe'), at: '9:5', says: /must be a map/ },
  { what: 'a kind without its keys', text: step('listen: server'), at: '9:13', says: /needs a map of its keys/ },
  {
    what: 'an unknown key of a step',
    text: step('listen: { on: server, prot: 80, as: w }'),
    at: '9:27',
    says: /unknown key prot/,
    hint: /port/,
  },
  {
    what: 'backlog -5',
    text: HEAD.replace('$backlog', '-5'),
    at: '6:48',
    says: /backlog must be at least -1, and is -5/,
  },
  {
    what: 'backlog -5 by a param',
    text: HEAD.replace('backlog: 1,', 'backlog: [0, -5],'),
    at: '6:48',
    says: /and is -5 \[backlog = -5\]/,
  },
  {
    what: 'port 70000',
    text: HEAD.replace('8080', '70000'),
    at: '6:33',
    says: /port must be at most 65535, and is 70000/,
  },
  {
    what: 'a port in quotes',
    text: HEAD.replace('8080', '"80"'),
    at: '6:33',
    says: /port must be a number, and is "80"/,
  },
  { what: 'an unknown choice', text: HEAD.replace('accept: none', 'accept: non'), at: '6:66', says: /accept must be/ },
  {
    what: 'an unknown param',
    text: HEAD.replace('$backlog', '$bcklog'),
    at: '6:48',
    says: /unknown param \$bcklog/,
    hint: /backlog/,
  },
  {
    what: 'a param of another type',
    text: HEAD.replace('$backlog', '$name'),
    at: '6:48',
    says: /backlog must be a number, and is "x" \[name = x\]/,
  },
  {
    what: 'an unknown host',
    text: HEAD.replace('on: server', 'on: sever'),
    at: '6:19',
    says: /unknown host sever/,
    hint: /server/,
  },
  {
    what: 'a target that is a host',
    text: HEAD.replace('to: web', 'to: server'),
    at: '7:34',
    says: /needs a port too/,
  },
  {
    what: 'a target on an unknown host',
    text: HEAD.replace('to: web', 'to: nope:80'),
    at: '7:34',
    says: /unknown host nope/,
  },
  {
    what: 'a target with a bad port',
    text: HEAD.replace('to: web', 'to: server:0'),
    at: '7:34',
    says: /no port of 1 to 65535/,
  },
  {
    what: 'a target that is no listener',
    text: step('connect: { from: client, to: c, as: d }'),
    at: '9:34',
    says: /c is a connection, and a listener is needed/,
  },
  {
    what: 'a name before it exists',
    text: step('pause: later\n  - listen: { on: server, port: 81, as: later }'),
    at: '9:12',
    says: /later does not exist yet: step 5 makes it/,
  },
  {
    what: 'a name that nothing makes',
    text: step('pause: wbe'),
    at: '9:12',
    says: /no step is named wbe/,
    hint: /web/,
  },
  { what: 'an end at an unknown host', text: step('close: { by: c@sever }'), at: '9:18', says: /unknown host sever/ },
  {
    what: 'an end of a listener',
    text: step('close: { by: web }'),
    at: '9:18',
    says: /web is a listener, and a connection/,
  },
  {
    what: 'a name that is a host',
    text: step('observe: client'),
    at: '9:14',
    says: /name client is taken: it is a host/,
  },
  { what: 'a name that is a param', text: step('observe: backlog'), at: '9:14', says: /taken: it is a param/ },
  { what: 'a name used twice', text: step('observe: after'), at: '9:14', says: /taken: it is an observation/ },
  {
    what: 'a reserved name',
    text: step('observe: true1\n  - observe: in'),
    at: '10:14',
    says: /word of the expression language/,
  },
  {
    what: 'a param that is a host',
    text: HEAD.replace('name: x', 'server: 1'),
    at: '4:23',
    says: /taken: it is a host/,
  },
  { what: 'a name with a dash', text: step('observe: at-end'), at: '9:14', says: /letters and digits/ },
  {
    what: 'a bad duration of a step',
    text: step('wait: { for: 3 seconds, because: x }'),
    at: '9:18',
    says: /number and a unit/,
  },
  { what: 'a wait without a reason', text: step('wait: { for: 3s }'), at: '9:5', says: /because is missing/ },
  { what: 'a pace without repeats', text: step('observe: { as: x, every: 1s }'), at: '9:23', says: /no repeat/ },
  { what: 'a repeat of 0', text: step('observe: { as: x, repeat: 0 }'), at: '9:31', says: /repeat must be at least 1/ },
  {
    what: 'an address outside the lab',
    text: step('segment: { from: client, to: web, sport: 5, flags: "[S]", source: 8.8.8.8 }'),
    at: '9:71',
    says: /not an address of the lab/,
  },
  {
    what: 'flags that tcpdump does not print',
    text: step('segment: { from: client, to: web, sport: 5, flags: SYN }'),
    at: '9:56',
    says: /as tcpdump prints them/,
  },
  { what: 'what the schema cannot say', text: step('send: { by: c }'), at: '9:5', says: /needs either data or bytes/ },
  // Sysctls
  {
    what: 'a sysctl that no kernel has',
    text: HEAD.replace('client: {}', 'client: { sysctl: { net.ipv4.tcp_syncookie: 1 } }'),
    at: '3:42',
    says: /no kernel has a sysctl/,
    hint: /tcp_syncookies\?/,
  },
  {
    what: 'a sysctl that is no integer',
    text: HEAD.replace('client: {}', 'client: { sysctl: { net.ipv4.tcp_syncookies: "on" } }'),
    at: '3:67',
    says: /is an integer, not "on"/,
  },
  {
    what: 'a sysctl step with an unknown name',
    text: step('sysctl: { on: server, set: { net.core.somaxcon: 1 } }'),
    at: '9:34',
    says: /no kernel has a sysctl/,
    hint: /somaxconn/,
  },
  {
    what: 'an unknown profile',
    text: HEAD.replace('client: {}', 'client: { profile: syn-accept-queue }'),
    at: '3:41',
    says: /unknown profile/,
    hint: /syn-accept-queues/,
  },
  // Expressions
  {
    what: 'an unknown counter',
    text: that('after.server.TcpExtListenDrop == 1'),
    at: '10:24',
    says: /unknown counter TcpExtListenDrop/,
    hint: /TcpExtListenDrops/,
  },
  {
    what: 'an unknown name',
    text: that('aftr.server.TcpOutRsts == 0'),
    at: '10:11',
    says: /unknown name aftr/,
    hint: /after/,
  },
  {
    what: 'an unknown host in an observation',
    text: that('after.sever.TcpOutRsts == 0'),
    at: '10:17',
    says: /has no sever/,
    hint: /server/,
  },
  { what: 'an unknown field', text: that('web.queu == 1'), at: '10:15', says: /a Listener has no queu/, hint: /queue/ },
  { what: 'a comparison of types', text: that("web.queue == '1'"), at: '10:11', says: /int == string/ },
  { what: 'an assignment', text: that('web.queue = 1'), at: '10:21', says: /not a CEL expression/, hint: /==/ },
  { what: 'half an expression', text: that('web.queue =='), at: '10:23', says: /not a CEL expression/ },
  {
    what: 'a that which is no boolean',
    text: that('after.server.TcpOutRsts'),
    at: '10:11',
    says: /is an int, and it must be a bool/,
  },
  { what: 'an empty that', text: that('""'), at: '10:11', says: /that must not be empty/ },
  { what: 'a that without a value', text: that(''), at: '10:11', says: /that has no value/ },
  {
    what: 'has() of an unknown counter',
    text: that('has(after.server.TcpExtNope)'),
    at: '10:28',
    says: /has\(\) asks for TcpExtNope/,
  },
  {
    what: 'an unknown function',
    text: that('mni(1, 2) == 1'),
    at: '10:11',
    says: /unknown function mni\(\)/,
    hint: /min\(\)/,
  },
  {
    what: 'an unknown sysctl in an expression',
    text: that('server.sysctl["net.core.somaxcon"] == 1'),
    at: '10:25',
    says: /no kernel has a sysctl/,
  },
  {
    what: 'a sysctl by a computed name',
    text: that('server.sysctl[name] == 1'),
    at: '10:25',
    says: /needs a name in quotes/,
  },
  { what: 'an error inside double quotes', text: that('"web.queu == 1"'), at: '10:16', says: /no queu/ },
  {
    what: 'an error in a folded text',
    text: that('>-\n      web.queue == 1 &&\n      web.queu == 1'),
    at: '10:11',
    says: /no queu/,
  },
  {
    what: 'a name of a later step',
    text: HEAD.replace('  - observe: after\n', '  - until: late.server.TcpOutRsts == 0\n  - observe: late\n'),
    at: '8:12',
    says: /late does not exist yet: step 4 makes it/,
  },
  { what: 'an until that is no boolean', text: step('until: web.queue'), at: '9:12', says: /must be a bool/ },
  {
    what: 'a for over more than params',
    text: after('expect:\n  - for: web.queue > 1\n    that: "true"\n'),
    at: '10:10',
    says: /unknown name web/,
  },
  {
    what: 'a for that cannot be computed',
    text: after('expect:\n  - for: 1 / (backlog - 1) > 1\n    that: "true"\n'),
    at: '10:10',
    says: /division by zero/,
  },
  // Kernels, claims, probes
  {
    what: 'an unknown change',
    text: after('expect:\n  - when: { has: accept-full-drop-syn }\n    that: "true"\n'),
    at: '10:18',
    says: /unknown change/,
    hint: /accept-full-drops-syn/,
  },
  {
    what: 'an unknown change in a list',
    text: after('expect:\n  - when: { lacks: [accept-full-drops-syn, nope] }\n    that: "true"\n'),
    at: '10:44',
    says: /unknown change nope/,
  },
  {
    what: 'an empty when',
    text: after('expect:\n  - when: {}\n    that: "true"\n'),
    at: '10:5',
    says: /needs has, lacks or both/,
  },
  {
    what: 'an unknown article',
    text: claim('    that: "true"\n    holds: always\n').replace('article: syn-accept-queues', 'article: syn-queues'),
    at: '11:24',
    says: /unknown article/,
  },
  {
    what: 'a holds that is no trait',
    text: claim('    that: "true"\n    holds: sometimes\n'),
    at: '14:12',
    says: /holds must be/,
  },
  { what: 'a claim without holds', text: claim('    that: "true"\n'), at: '10:5', says: /holds is missing/ },
  {
    what: 'an unknown change in holds',
    text: claim('    that: "true"\n    holds: { has: nope }\n'),
    at: '14:19',
    says: /unknown change nope/,
  },
  {
    what: 'one id for two claims',
    text: claim('    that: "true"\n    holds: always\n').replace(/( {2}- id: a[\s\S]*)/, '$1$1'),
    at: '15:9',
    says: /another claim a/,
  },
  {
    what: 'a probe with expectations',
    text: after('probe: web.queue == 1\nexpect:\n  - that: "true"\n'),
    at: '10:1',
    says: /a probe asks one question/,
  },
  { what: 'a probe that is no boolean', text: after('probe: web.queue\n'), at: '9:8', says: /must be a bool/ },
];

function problemsIn(
  text: string,
  parse = (one: string): unknown => parseScenario({ text: one, file: 'bad.yaml', id: 'bad' }, context),
) {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems;
    throw error;
  }
  return [];
}

t.test('the text that the cases change is right itself', async (t) => {
  t.strictSame(problemsIn(HEAD), []);
});

t.test('bad scenarios are refused at their line and column', async (t) => {
  t.ok(CASES.length >= 45);
  for (const { what, text, at, says, hint } of CASES) {
    const [first] = problemsIn(text);
    if (!first) {
      t.fail(`${what}: accepted`);
      continue;
    }
    t.equal(`${first.position.line}:${first.position.column}`, at, `${what}: ${formatProblem(first)}`);
    t.match(first.message, says, what);
    if (hint) t.match(first.hint ?? '', hint, `${what}: hint`);
  }
});

t.test('all problems of a file come at once, in the order of the file', async (t) => {
  const text =
    HEAD.replace('on: server', 'on: sever').replace('to: web', 'to: nope:80') +
    'expect:\n  - that: after.server.Nope == 1\n';
  t.strictSame(
    problemsIn(text).map(({ position: { line }, message }) => [line, message]),
    [
      [6, 'unknown host sever'],
      [7, 'unknown host nope'],
      [10, 'unknown counter Nope'],
    ],
  );
});

t.test('a problem is shown with its line, a caret and a hint', async (t) => {
  const [problem] = problemsIn(HEAD.replace('on: server', 'on: sever'));
  t.equal(
    formatProblem(problem!),
    [
      'bad.yaml:6:19: unknown host sever',
      '6 |   - listen: { on: sever, port: 8080, backlog: $backlog, accept: none, as: web }',
      '                      ^^^^^',
      'hint: did you mean server?',
    ].join('\n'),
  );
});

t.test('data files are refused in the same way', async (t) => {
  const profiles = (text: string) => problemsIn(text, (one) => parseProfiles(one, 'profiles.yaml'));
  t.match(profiles('a: { about: x, sysctl: { net.ipv4.tcp_synccookies: 1 } }')[0], {
    message: /no kernel has/,
    position: { column: 26 },
  });
  t.match(profiles('a: { sysctl: {} }')[0], { message: /about is missing/ });
  const articles = (text: string) => problemsIn(text, (one) => parseArticles(one, 'articles.yaml'));
  t.match(articles('a: { title: x, kernel: y, abut: z }')[0], { message: /unknown key abut/ });
  const changes = (text: string) => problemsIn(text, (one) => parseChanges(one, 'changes.yaml'));
  const right = '- { id: a, commit: 0123456789ab, subject: s, about: x, mainline: "4.10" }\n';
  t.strictSame(changes(right), []);
  t.match(changes(right + right)[0], { message: /another change a/, position: { line: 2 } });
  t.match(changes(right.replace('"4.10"', '4.10'))[0], { message: /mainline must be a text, and is 4.1/ });
  t.match(changes(right.replace(' }', ', backports: { "5.10": 5.4.3 } }'))[0], {
    message: /5.4.3 is no point release of 5.10/,
  });
  t.match(changes(right.replace('0123456789ab', 'abc'))[0], { message: /12 to 40 hexadecimal digits/ });
  const laws = (text: string) => problemsIn(text, (one) => parseLaws(one, 'laws.yaml'));
  const law = '- { id: a, source: { article: b }, says: c, that: $host.sent.size() == 0 }\n';
  t.strictSame(laws(law), []);
  t.match(laws(law + law)[0], { message: /another law a/, position: { line: 2 } });
  t.match(laws(law.replace('$host', 'server'))[0], { message: /that: a law is about \$host/ });
  t.match(laws(law.replace('sent', 'snt'))[0], { message: /snt/, hint: /sent/, position: { column: 57 } });
  t.match(laws(law.replace(' == 0', ''))[0], { message: /must be a bool/ });
});

import { readFileSync } from 'node:fs';
import t from 'tap';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { StepSpec } from './step-kind.ts';
import { STEPS } from '../steps/registry.ts';
import { isLabAddress } from './addresses.ts';
import { parseArticles } from './articles.ts';
import { parseChanges } from './changes.ts';
import { parseClaimsList } from './claims-list.ts';
import { secondsOf } from './duration.ts';
import { scenarioJsonSchema } from './json-schema.ts';
import { parseLaws } from './laws.ts';
import { plansOf } from './plans.ts';
import { ScenarioError } from './problem.ts';
import { parseProfiles } from './profiles.ts';
import { parseScenario, type ScenarioContext } from './scenario.ts';
import { isSysctl, sysctlValueProblem } from './sysctls.ts';

const data = (name: string) => readFileSync(new URL(`../../scenarios/${name}`, import.meta.url), 'utf8');
const context: ScenarioContext = {
  steps: STEPS,
  profiles: parseProfiles(
    'syn-accept-queues: { about: x, sysctl: { net.core.somaxconn: 65535, net.ipv4.tcp_syncookies: 1 } }',
    'profiles.yaml',
  ),
  changes: parseChanges(data('changes.yaml'), 'changes.yaml'),
  articles: parseArticles(data('articles.yaml'), 'articles.yaml').map(({ id }) => id),
  laws: [],
};
const read = (text: string) => parseScenario({ text, file: 'x.yaml', id: 'queues/x' }, context);

/** The example of the manual. */
const EXAMPLE = `# yaml-language-server: $schema=../scenario.schema.json
title: The SYN queue overflows
about: SYNs whose handshake nobody completes fill the queue of half-open connections.
hosts:
  server: { profile: syn-accept-queues, sysctl: { net.ipv4.tcp_syncookies: 0 } }
  attacker: {}
params: { backlog: 1, syns: 542 }
steps:
  - listen: { on: server, port: 8888, backlog: $backlog, accept: none, as: web }
  - flood: { from: attacker, to: web, syns: $syns, every: 1ms, as: flood }
  - observe: after
expect:
  - when: { has: [syn-queue-is-backlog-plus-one] }
    that: after.server.TcpExtListenDrops == flood.sent - (backlog + 1)
  - that: after.server.TcpOutRsts == 0
claims:
  - id: syn-queue-drops-silently
    source: { article: syn-accept-queues, section: SYN Queue, kernel: 3.10.0-693.el7 }
    says: with syncookies off every SYN past the sixteenth is dropped, and no RST is sent
    that: after.server.TcpExtListenDrops == flood.sent - 16 && after.server.TcpOutRsts == 0
    holds: { lacks: syn-queue-is-backlog }
`;

const base = (params: string, rest = '') => `title: t
about: a
hosts: { server: {}, client: {}, third: {} }
params: ${params}
steps:
  - listen: { on: server, port: 80, backlog: $backlog, as: web }
  - connect: { from: client, to: web, as: c }
  - observe: { as: end, beside: true }
${rest}`;

t.test('the example of the manual parses and plans', async (t) => {
  const scenario = read(EXAMPLE);
  t.match(scenario, {
    id: 'queues/x',
    file: 'x.yaml',
    title: 'The SYN queue overflows',
    articles: ['syn-accept-queues'],
    hosts: ['server', 'attacker'],
    claims: [
      {
        id: 'syn-queue-drops-silently',
        article: 'syn-accept-queues',
        section: 'SYN Queue',
        holds: { lacks: ['syn-queue-is-backlog'] },
      },
    ],
    changes: ['syn-queue-is-backlog-plus-one', 'syn-queue-is-backlog'],
    tags: [],
    lasts: 1,
    alone: false,
  });
  const [plan, ...others] = plansOf(scenario);
  t.strictSame(others, []);
  t.match(plan, {
    id: 'queues/x',
    params: { backlog: 1, syns: 542 },
    repeat: 1,
    hosts: {
      server: { sysctl: { 'net.core.somaxconn': 65535, 'net.ipv4.tcp_syncookies': 0 } },
      attacker: { sysctl: {} },
    },
    links: [['server', 'attacker']],
    steps: [
      {
        kind: 'listen',
        name: 'web',
        args: { on: 'server', port: 8888, backlog: 1, accept: 'none', serve: 'nothing', read: true },
        beside: false,
        repeat: 1,
        every: 0,
      },
      { kind: 'flood', name: 'flood', args: { syns: 542, every: '1ms' }, position: { line: 10, column: 5 } },
      { kind: 'observe', name: 'after', args: { as: 'after' } },
    ],
    expect: [
      {
        when: { has: ['syn-queue-is-backlog-plus-one'] },
        that: { position: { file: 'x.yaml', line: 14, column: 11 } },
      },
      { that: { cel: 'after.server.TcpOutRsts == 0', position: { line: 15, column: 11 } } },
    ],
    claims: [{ id: 'syn-queue-drops-silently', holds: { lacks: ['syn-queue-is-backlog'] } }],
    names: { hosts: ['server', 'attacker'], observations: ['after'], params: { backlog: 'int', syns: 'int' } },
  });
  t.strictSame(Object.keys(plan!.names.outcomes), ['web', 'flood']);
  t.match(plan!.digest, /^[0-9a-f]{64}$/);
  t.strictSame(JSON.parse(JSON.stringify(plan)), plan, 'a plan is plain JSON');
});

t.test('a sweep is every combination, the last param fastest', async (t) => {
  const scenario = read(base('{ backlog: [0, 7], n: { from: 1, to: 5, step: 2 }, word: x }'));
  const plans = plansOf(scenario);
  t.strictSame(
    plans.map(({ params }) => [params['backlog'], params['n'], params['word']]),
    [0, 7].flatMap((backlog) => [1, 3, 5].map((n) => [backlog, n, 'x'])),
  );
  t.strictSame(
    plans.map(({ steps }) => steps[0]!.args['backlog']),
    [0, 0, 0, 7, 7, 7],
  );
  t.strictSame(scenario.params, { backlog: [0, 7], n: [1, 3, 5], word: ['x'] });
});

t.test('--set gives other values, in the types of the params', async (t) => {
  const scenario = read(base('{ backlog: [0, 7], ratio: 1.5, on: true, word: x }'));
  const params = (set: Parameters<typeof plansOf>[1]) => plansOf(scenario, set).map((plan) => plan.params);
  t.strictSame(params({ set: { backlog: '3', ratio: 2, on: 'false', word: '1,2' } }), [
    { backlog: 3, ratio: 2, on: false, word: '1,2' },
  ]);
  t.strictSame(
    params({ set: { backlog: '1,2' } }).map(({ backlog }) => backlog),
    [1, 2],
  );
  t.strictSame(
    params({ set: { backlog: [4, 5] } }).map(({ backlog }) => backlog),
    [4, 5],
  );
  const refused = (set: Record<string, string | number>) => {
    try {
      plansOf(scenario, { set });
    } catch (error) {
      return error;
    }
    return undefined;
  };
  t.match(refused({ backlg: '1' }), new UsageError('queues/x has no param backlg', 'did you mean backlog?'));
  t.match(refused({ backlog: 'x' }), new UsageError('backlog is an integer, not "x"'));
  t.match(refused({ backlog: 1.5 }), new UsageError('backlog is an integer, not 1.5'));
  t.match(refused({ on: 'yes' }), new UsageError('on is true or false, not "yes"'));
  const bad = refused({ backlog: '-5' });
  t.ok(bad instanceof ScenarioError);
  t.match(bad, { problems: [{ message: /and is -5 \[backlog = -5\]/, position: { line: 6, column: 46 } }] });
});

t.test('repeats are numbered from 1', async (t) => {
  t.strictSame(
    plansOf(read(base('{ backlog: [0, 7] }')), { repeat: 2 }).map(({ params, repeat }) => [params['backlog'], repeat]),
    [
      [0, 1],
      [0, 2],
      [7, 1],
      [7, 2],
    ],
  );
});

t.test('for: leaves out what is not judged in a record', async (t) => {
  const scenario = read(
    base(
      '{ backlog: [0, 7] }',
      `expect:
  - { for: backlog > 0, that: web.queue == 0 }
  - that: server.TcpOutRsts == 0
claims:
  - id: a
    source: { article: netty-reset }
    says: something
    for: backlog == 0
    that: web.queue == 1
    holds: never
`,
    ),
  );
  t.strictSame(
    plansOf(scenario).map(({ expect, claims }) => [expect.length, claims.length]),
    [
      [1, 1],
      [2, 0],
    ],
  );
});

t.test('generic keys are taken out of the arguments, unless the kind has them itself', async (t) => {
  const [plan] = plansOf(
    read(
      base('{ backlog: 1, times: 3 }') +
        `  - observe: { as: o, repeat: $times, every: 20ms }
  - connect: { from: client, to: web, count: 2, every: 5ms, beside: true, as: d }
`,
    ),
  );
  t.match(plan!.steps[2], { args: { as: 'end' }, beside: true, repeat: 1 });
  t.match(plan!.steps[3], { args: { as: 'o' }, repeat: 3, every: 0.02 });
  t.match(plan!.steps[4], { args: { every: '5ms', count: 2 }, beside: true, repeat: 1, every: 0 });
  t.notOk('repeat' in plan!.steps[3]!.args);
  t.equal(plan!.alone, false);
});

t.test('a step that wants no lab beside it makes its scenario run alone', async (t) => {
  const [plan] = plansOf(read(base('{ backlog: 1 }') + '  - observe: { as: o, alone: true }\n'));
  t.equal(plan!.alone, true);
});

t.test('hosts are linked in pairs unless links are given', async (t) => {
  t.strictSame(plansOf(read(base('{ backlog: 1 }')))[0]!.links, [
    ['server', 'client'],
    ['server', 'third'],
    ['client', 'third'],
  ]);
  const few = read(base('{ backlog: 1 }', 'links: [[server, client], [server, third]]\n'));
  t.equal(plansOf(few)[0]!.links.length, 2);
});

t.test('a probe is one question; long scenarios carry a tag', async (t) => {
  const scenario = read(base('{ backlog: 1 }', 'probe: web.queue == 1\nlasts: 2m\ntags: [slow]\n'));
  t.match(plansOf(scenario)[0], {
    probe: { cel: 'web.queue == 1', position: { line: 9, column: 8 } },
    expect: [],
    claims: [],
  });
  t.match(scenario, { tags: ['slow', 'long'], lasts: 120 });
});

const LAWS = `- id: no-urgency
  source: { article: tcp-states, section: Flags }
  says: nothing is urgent
  that: $host.sent.filter(p, p.flags.contains("U")) == [] && $host.TcpOutRsts >= 0
  except: [connect, wild]
`;

t.test('a law is an expectation about each host that forges nothing', async (t) => {
  const laws = parseLaws(LAWS, 'laws.yaml');
  t.match(laws, [{ id: 'no-urgency', source: { article: 'tcp-states', section: 'Flags' } }]);
  const calm = base('{ backlog: [1, 2] }', 'expect: [{ that: web.queue == 0 }]\n');
  const planned = (text: string) =>
    plansOf(parseScenario({ text, file: 'x.yaml', id: 'x' }, { ...context, laws })).map(({ expect }) => expect);
  const [one, two, ...more] = planned(calm);
  t.strictSame(more, []);
  t.strictSame(one, two, 'in each record of a sweep');
  t.strictSame(one, [
    { that: { cel: 'web.queue == 0', position: { file: 'x.yaml', line: 9, column: 18 } } },
    // The client makes a step of the kind that the law excepts.
    ...['server', 'third'].map((host) => ({
      law: 'no-urgency',
      that: {
        cel: `${host}.sent.filter(p, p.flags.contains("U")) == [] && ${host}.TcpOutRsts >= 0`,
        position: { file: 'laws.yaml', line: 4, column: 9 },
      },
    })),
  ]);
  const count = (text: string) => planned(text)[0]!.length;
  t.equal(count(`${calm}tags: [wild]\n`), 1, 'not where the tag is');
  t.equal(
    count(calm.replace('[1, 2]', '1').replace(/expect:.*/, 'probe: web.queue == 1')),
    0,
    'nor in a probe, which asks one question',
  );
});

t.test('the sentences of CLAIMS.md', async (t) => {
  const list = `# What they say

## first

### A

| what the article says | claim |
| --- | --- |
| one | \`a\`, \`b-1\` |
| two | not testable: a name, as \`c\` is |

## second

| what the article says | claim |
| :-- | --- |
| three | later |
| four
`;
  t.strictSame(parseClaimsList(list), [
    { article: 'first', section: 'A', line: 9, says: 'one', claims: ['a', 'b-1'], names: ['a', 'b-1'] },
    { article: 'first', section: 'A', line: 10, says: 'two', claims: [], why: 'a name, as `c` is', names: ['c'] },
    { article: 'second', section: '', line: 16, says: 'three', claims: [], names: [] },
    { article: 'second', section: '', line: 17, says: '', claims: [], names: [] },
  ]);
});

t.test('params go into whole scalars, with their types, and nowhere else', async (t) => {
  const [plan] = plansOf(
    read(`title: $backlog
about: a
hosts: { server: { profile: $machine, sysctl: { net.ipv4.tcp_syncookies: $cookies } } }
params: { backlog: 7, machine: syn-accept-queues, cookies: 0, name: web }
steps:
  - listen: { on: server, port: 80, backlog: $backlog, as: $name }
  - until: web.queue == 0
  - exec: { on: server, run: [echo, $backlog, "a $backlog"], as: ran }
`),
  );
  t.equal(plan!.title, '$backlog');
  t.strictSame(plan!.hosts['server'], { sysctl: { 'net.core.somaxconn': 65535, 'net.ipv4.tcp_syncookies': 0 } });
  t.match(plan!.steps[0], { name: 'web', args: { backlog: 7 } });
  t.strictSame(plan!.steps[2]!.args['run'], ['echo', 7, 'a $backlog']);
});

t.test('programs that steps start are needed, beside those that the file names', async (t) => {
  const dig: StepSpec = { kind: 'dig', about: 'asks', schema: z.strictObject({}), programs: () => ['dig'] };
  const text = base('{ backlog: 1 }', 'needs: [ss]\n').replace('  - observe', '  - dig:\n  - dig: {}\n  - observe');
  const scenario = parseScenario({ text, file: 'x.yaml', id: 'x' }, { ...context, steps: [...STEPS, dig] });
  t.strictSame(scenario.needs, ['ss', 'dig']);
  t.strictSame(plansOf(scenario)[0]!.needs, ['ss', 'dig']);
});

t.test('a sweep of 1000 records is planned in a moment', async (t) => {
  const scenario = read(base('{ backlog: { from: 1, to: 1000 } }', 'expect:\n  - that: web.limit == backlog\n'));
  t.equal(plansOf(scenario).length, 1000);
  const [first, , last] = plansOf(scenario);
  t.equal(first!.names, last!.names, 'what is compiled for one serves all');
});

t.test('sysctls: names that some kernel has, and values that fit', async (t) => {
  for (const name of [
    'net.ipv4.tcp_syncookies',
    'net.core.somaxconn',
    'net.ipv4.conf.all.rp_filter',
    'net.ipv4.conf.eth0.rp_filter',
    'net.ipv4.tcp_tw_recycle',
    'net.ipv4.tcp_rto_max_ms',
    'net.ipv4.tcp_stdurg',
    'net.netfilter.nf_conntrack_tcp_loose',
  ]) {
    t.ok(isSysctl(name), name);
  }
  for (const name of [
    'net.ipv4.tcp_syncookie',
    'tcp_syncookies',
    'net.ipv4.conf.*.rp_filter',
    'kernel.pid_max',
    'net.ipv4',
  ])
    t.notOk(isSysctl(name), name);
  t.equal(sysctlValueProblem('net.ipv4.tcp_rmem', '4096 131072 6291456'), undefined);
  t.equal(sysctlValueProblem('net.ipv4.tcp_retries2', 8), undefined);
  t.match(sysctlValueProblem('net.ipv4.tcp_retries2', '8'), /is an integer/);
  t.match(sysctlValueProblem('net.ipv4.tcp_retries2', 1.5), /is an integer/);
});

t.test('addresses of a lab', async (t) => {
  for (const text of ['192.0.2.1', '198.51.100.255', '203.0.113.0/24', '198.19.255.255', '198.18.0.0/15', '127.0.0.1'])
    t.ok(isLabAddress(text), text);
  for (const text of [
    '8.8.8.8',
    '192.0.3.1',
    '198.20.0.0',
    '198.18.0.0/14',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '::1',
    '',
    '192.0.2.1/33',
    '192.0.2.1/24/8',
    '192.0.2.128/24',
  ]) {
    t.notOk(isLabAddress(text), text);
  }
});

t.test('durations', async (t) => {
  t.strictSame(['500us', '1ms', '1.5s', '2m', '1h'].map(secondsOf), [0.0005, 0.001, 1.5, 120, 3600]);
  t.strictSame(['1', 's', '1 s', '-1s', '1d', ''].map(secondsOf), Array(6).fill(undefined));
});

const at = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((inside, key) => Reflect.get(Object(inside), key), value);

t.test('the JSON schema knows every step, its short form, and params', async (t) => {
  const schema = scenarioJsonSchema(STEPS);
  const steps = at(schema, 'properties', 'steps', 'items', 'properties');
  t.strictSame(
    Object.keys(Object(steps)),
    STEPS.map(({ kind }) => kind),
  );
  t.match(at(steps, 'observe'), { anyOf: [{ type: 'object' }, { anyOf: [{ type: 'string' }, { type: 'string' }] }] });
  t.equal(at(steps, 'listen', 'description'), STEPS.find(({ kind }) => kind === 'listen')!.about);
  t.strictSame(at(steps, 'listen', 'required'), ['on', 'port', 'as'], 'what has a default is not required');
  const listen = at(steps, 'listen', 'properties');
  t.match(at(listen, 'backlog'), { default: 511, anyOf: [{ type: 'integer', minimum: -1 }, { type: 'string' }] });
  t.match(at(listen, 'beside'), { anyOf: [{ type: 'boolean' }, { pattern: '^\\$[a-zA-Z][a-zA-Z0-9]*$' }] });
  t.notMatch(JSON.stringify(schema), /"refers"/);
  t.strictSame(schema['required'], ['title', 'about', 'hosts', 'steps']);
});

t.test('the data files are in order', async (t) => {
  t.strictSame(context.articles, ['syn-accept-queues', 'netty-reset', 'rst-causes', 'tcp-states']);
  t.ok(Object.keys(parseProfiles(data('profiles.yaml'), 'profiles.yaml')).length > 0);
  t.ok(parseLaws(data('laws.yaml'), 'laws.yaml').length > 0);
});

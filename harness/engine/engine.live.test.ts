import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { release } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CONFIGURATION, parseCounters } from '../evidence/counters.ts';
import { netstatReport } from '../evidence/netstat-sentences.ts';
import {
  alive,
  below,
  gone,
  machine,
  namespaces,
  type Process,
  read,
  startNode,
} from '../launch/fixtures/processes.ts';
import { findProgram } from '../launch/programs.ts';
import { JOURNAL_FILE } from '../results/folder.ts';
import { parseRun, readRun } from '../results/read.ts';
import type { Run, ScenarioRecord } from '../results/record.ts';
import type { Change } from '../scenario/model.ts';
import { DIST, launch, type Launched, requestFor } from './fixtures/launch.ts';

/** A server, a client, and steps; the first step stands in line 6. */
const lab = (steps: string, laws: readonly string[] = ['true'], head = 'tags: [x]') => `title: A test
about: A test.
hosts: { server: {}, client: {} }
${head}
steps:
${steps.trim().replaceAll(/^ */gm, '  ')}
expect:
${laws.map((law) => `  - that: ${JSON.stringify(law)}`).join('\n')}
`;

const only = ({ of }: Launched, id: string): ScenarioRecord => {
  const [record, ...more] = of(id);
  if (!record || more.length > 0) throw new Error(`${more.length} records of ${id}`);
  return record;
};

const outcome = (record: ScenarioRecord, name: string) =>
  record.steps.find((step) => step.name === name)?.outcome ?? {};

/** What a lab of a record was about, from its start to the end of its last step. */
function spans({ events }: Launched): { record: number; from: number; to: number }[] {
  const known = new Map<number, { record: number; from: number; to: number }>();
  events.forEach((event, at) => {
    if (event.type === 'started') known.set(event.record, { record: event.record, from: at, to: at });
    if (event.type === 'step') known.get(event.record)!.to = at;
  });
  return [...known.values()];
}

const overlap = (a: { from: number; to: number }, b: { from: number; to: number }) => a.from < b.to && b.from < a.to;

/** The captures of a launch, by record. */
const pcapngOf = ({ events }: Launched, record: number) =>
  Buffer.concat(
    events.flatMap((event) =>
      event.type === 'pcapng' && event.record === record ? [Buffer.from(event.data, 'base64')] : [],
    ),
  );

/** Sockets that the engine, pid 1, holds: what a lab leaves behind would be among them. */
const held = 'ls -l /proc/1/fd | grep -c socket:';

/** Why a test cannot be made here; false when all its programs are there. */
function missing(...programs: string[]): string | false {
  const absent = programs.filter((program) => findProgram(program) === undefined);
  return absent.length > 0 && `not installed: ${absent.join(', ')}`;
}

const many = await launch(
  requestFor(
    {
      held: lab(`- exec: { on: server, run: [sh, -c, '${held} >/tmp/held'], as: p }`, ['p.exit == 0'], 'alone: true'),
      leaky: lab(
        `- listen: { on: server, port: 1, accept: 3, as: web }
         - connect: { from: client, to: web, count: 2, repeat: 4, as: c }
         - connect: { from: client, to: web, count: 2, repeat: 2, via: libc, as: d }
         - connect: { from: client, to: 'server:2', via: libc, as: e }
         - block: { on: server, hook: in, as: wall }
         - connect: { from: client, to: web, deadline: 10ms, via: libc, as: f }
         - connect: { from: client, to: web, deadline: 10ms, as: g }
         - segment: { from: client, to: web, sport: 9, flags: '[S]' }
         - connect: { from: client, to: web, as: h, beside: true }
         - connect: { from: client, to: web, as: i, via: libc, beside: true }
         - until: client.sockets.count("SYN-SENT") == 2`,
        undefined,
        'alone: true',
      ),
      released: lab(
        `- exec: { on: server, run: [sh, -c, 'until [ $(${held}) -le $(cat /tmp/held) ]; do :; done'], deadline: 5s, as: p }`,
        ['p.exit == 0'],
        'alone: true',
      ),
      broken: lab(`- listen: { on: server, port: 1, backlog: 7, accept: none, as: web }`, [
        'web.limit == 7',
        'web.limit == 6 + client.TcpActiveOpens',
      ]),
      fails: lab(`- listen: { on: server, port: 1, accept: none, as: web }
        - connect: { from: client, to: web, as: c }
        - send: { by: c@server, data: x }
        - observe: never`),
      cut: lab(
        `- listen: { on: server, port: 1, as: web }
        - connect: { from: client, to: web, as: c }
        - send: { by: c, bytes: 1000 }
        - until: client.sent.count("[P.]") == 1
        - segment: { from: client, again: client.sent.flags("[P.]").first() }`.replace(
          /again: (.*) }/,
          "again: '$1' }",
        ),
      ),
      late: lab(`- listen: { on: server, port: 1, accept: none, as: web }
        - until: { that: web.limit + web.queue == 5, deadline: 100ms }
        - observe: never`),
      beside: lab(`- listen: { on: server, port: 1, accept: none, as: web }
        - connect: { from: client, to: web, as: c }
        - until: { that: web.queue == 5, deadline: 50ms, beside: true }
        - wait: { for: 300ms, because: the step beside fails meanwhile }
        - observe: never`),
      absent: lab(`- exec: { on: server, run: [no-such-program, x], as: p }`),
      global: lab(`- observe: o`, ['true'], '').replace(
        'server: {}',
        'server: { sysctl: { net.ipv4.tcp_mem: 1 2 3 } }',
      ),
      later: lab(`- sysctl: { on: server, set: { net.ipv4.tcp_mem: 1 2 3 } }`),
      gone: lab(`- observe: o`, [`server.sysctl['net.ipv4.tcp_tw_recycle'] == "absent"`]).replace(
        'server: {}',
        'server: { sysctl: { net.ipv4.tcp_tw_recycle: 1, net.ipv4.tcp_syn_retries: 3 } }',
      ),
      refused: lab(`- observe: o`).replace('server: {}', 'server: { sysctl: { net.core.somaxconn: -5 } }'),
      many: lab(
        `- listen: { on: server, port: 1, backlog: 1, accept: none, as: web }
         - sysctl: { on: server, set: { net.ipv4.tcp_syncookies: 0 } }
         - flood: { from: client, to: web, syns: 3000, as: flood }
         - segment: { from: client, to: 'server:9', sport: 7, flags: '[S]', data: last }
         - until: server.TcpOutRsts == 1`,
        ['server.TcpExtListenDrops == flood.sent - 2', 'server.packets.size() == 3000 + 1 + server.sent.size()'],
      ),
      alone: lab(`- wait: { for: 20ms, because: others would show themselves }`, undefined, 'alone: true'),
    },
    { noSkip: false },
  ),
);

t.test('hello, calibration, bye', async (t) => {
  const [hello, calibrated] = many.events;
  t.match(hello, { type: 'hello', kernel: { id: 'host', release: release() }, root: process.geteuid?.() === 0 });
  t.same(calibrated, { type: 'calibrated', labs: 2, noise: [] }, 'where nothing happens nothing is counted');
  t.match(many.events.at(-1), { type: 'bye', records: many.request.plans.length, interrupted: false });
  t.same(many.run.findings, []);
});

t.test('what a lab made is gone before the next', { skip: missing('nft') }, async (t) => {
  for (const id of ['held', 'leaky', 'released']) t.equal(only(many, id).verdict, 'passed', only(many, id).reason.text);
});

t.test('a broken expectation fails the record, with the values and the place', async (t) => {
  const { verdict, reason, expectations } = only(many, 'broken');
  t.equal(verdict, 'failed');
  t.equal(reason.code, 'expectation');
  t.match(reason.text, 'broken.yaml:9:12: web.limit == 6 + client.TcpActiveOpens: 7 == 6');
  t.same(
    expectations.map((one) => one.verdict),
    ['held', 'broken'],
  );
});

t.test('a step that fails is an error with its place; nothing after it is taken or judged', async (t) => {
  for (const { id, code, verdict, says } of [
    {
      id: 'fails',
      code: 'step',
      verdict: 'error',
      says: 'fails.yaml:8:5: send: there is no end of c at server: no listener there has accepted it',
    },
    {
      id: 'cut',
      code: 'step',
      verdict: 'error',
      says: /^cut.yaml:10:5: segment: of a packet of 10\d\d bytes only the first \d+ were captured$/,
    },
    {
      id: 'late',
      code: 'not-reached',
      verdict: 'failed',
      says: /^late.yaml:7:5: until: not within 0.1 s: web.limit \+ web.queue == 5; it was .*511.* == 5/,
    },
    {
      id: 'beside',
      code: 'not-reached',
      verdict: 'failed',
      says: /^beside.yaml:8:5: until: not within 0.05 s: web.queue == 5; it was 1 == 5/,
    },
    { id: 'refused', code: 'lab', verdict: 'error', says: /sysctl: EINVAL \(net.core.somaxconn\)/ },
  ]) {
    const record = only(many, id);
    t.equal(record.verdict, verdict, id);
    t.equal(record.reason.code, code);
    t.match(record.reason.text, says);
    t.same(record.expectations, []);
    t.equal(record.observations['never'], undefined);
    if (code !== 'lab') t.equal(Object.keys(record.hosts).length, 2, 'what there was is kept');
  }
});

t.test('what this place lacks is skipped, with the reason', async (t) => {
  for (const { id, code, says } of [
    { id: 'absent', code: 'program', says: 'needs no-such-program' },
    { id: 'global', code: 'sysctl', says: /^net.ipv4.tcp_mem is global on this kernel/ },
    { id: 'later', code: 'sysctl', says: /^net.ipv4.tcp_mem is global on this kernel/ },
  ]) {
    const { verdict, reason, steps } = only(many, id);
    t.equal(verdict, 'skipped', id);
    t.equal(reason.code, code);
    t.match(reason.text, says);
    t.same(steps, []);
  }
});

t.test('a sysctl that no kernel of today has is recorded as absent', async (t) => {
  const record = only(many, 'gone');
  t.equal(record.verdict, 'passed', record.reason.text);
  t.same(record.hosts['server']?.sysctl, { 'net.ipv4.tcp_syn_retries': 3, 'net.ipv4.tcp_tw_recycle': 'absent' });
  t.same(record.hosts['client']?.sysctl['net.ipv4.tcp_tw_recycle'], 'absent');
});

t.test('the delta has every counter, zeros too, and no configuration', async (t) => {
  const { hosts } = only(many, 'many');
  const all = parseCounters(readFileSync('/proc/net/snmp', 'latin1'), readFileSync('/proc/net/netstat', 'latin1'));
  const wanted = Object.keys(all).filter((name) => !CONFIGURATION.has(name) && !name.startsWith('IcmpMsg'));
  for (const { counters } of Object.values(hosts)) {
    t.same(
      Object.keys(counters.delta).filter((name) => !name.startsWith('IcmpMsg')),
      wanted,
    );
    t.same([counters.before, counters.after], [undefined, undefined], 'before and after only with full');
  }
  t.equal(hosts['server']?.counters.delta['TcpExtListenDrops'], 2998);
  t.equal(hosts['server']?.counters.delta['TcpExtListenOverflows'], 0);
});

t.test(
  'packets: the first and the last 1000 in the record, all in the file',
  { skip: missing('tcpdump') },
  async (t) => {
    const record = only(many, 'many');
    t.equal(record.packets.length, 2000);
    t.ok(record.packetsTotal > 6000);
    const index = many.run.records.indexOf(record);
    const bytes = pcapngOf(many, index);
    t.equal(createHash('sha256').update(bytes).digest('hex'), record.pcapng?.sha256);
    const file = join(t.testdir(), 'x.pcapng');
    writeFileSync(file, bytes);
    const program = (argv: readonly [string, ...string[]]) => {
      const { stdout, status, error } = spawnSync(argv[0], argv.slice(1), {
        encoding: 'latin1',
        maxBuffer: 2 ** 26,
        env: { PATH: process.env['PATH'] },
      });
      if (error) throw error;
      t.equal(status, 0, argv[0]);
      return stdout.trim().split('\n');
    };
    t.equal(program(['tcpdump', '-nr', file]).length, record.packetsTotal, 'tcpdump reads every packet');
    const fields = ['frame.interface_name', 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.len'];
    const rows = program(['tshark', '-n', '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
    t.equal(rows.length, record.packetsTotal, 'tshark too');
    const port = (end: string) => end.slice(end.lastIndexOf(':') + 1);
    const told = record.packets.map(({ host, from, to, seq, length }) =>
      [host, port(from), port(to), seq, length].join('\t'),
    );
    t.same([...rows.slice(0, 1000), ...rows.slice(-1000)], told, 'tshark sees what the record tells');
    t.ok(
      record.packets.every(({ at }, i, all) => i === 0 || at >= all[i - 1]!.at),
      'in the order of time',
    );
    t.match(
      record.packets.findLast(({ host }) => host === 'client'),
      { flags: '[R.]', out: false },
      'the last is the last',
    );
  },
);

t.test(
  'labs that run side by side share no address; one that runs alone has nobody beside',
  { skip: missing('nft') },
  async (t) => {
    const all = spans(many);
    const addresses = (record: number) => Object.values(many.run.records[record]!.hosts).map(({ address }) => address);
    let pairs = 0;
    for (const a of all)
      for (const b of all) {
        if (a.record >= b.record || !overlap(a, b)) continue;
        pairs += 1;
        t.notOk(
          addresses(a.record).some((one) => addresses(b.record).includes(one)),
          `${a.record} and ${b.record}`,
        );
        t.notOk(many.request.plans[a.record]!.alone || many.request.plans[b.record]!.alone);
      }
    t.ok(pairs >= 10, `${pairs} pairs of labs were up at the same time`);
    t.equal(all.filter(({ record }) => many.request.plans[record]!.alone).length, 4);
  },
);

/** Blocked for good, each in its own way: only the end of the lab ends them. */
const HANGS: Readonly<Record<string, string>> = {
  waits: `- wait: { for: 1h, because: the lab ends it }`,
  until: `- until: { that: 'server.TcpInSegs == 5', deadline: 1h }`,
  sends: `- listen: { on: server, port: 1, accept: none, as: web }
    - connect: { from: client, to: web, as: c }
    - send: { by: c, bytes: 60000000 }`,
  sendsByLibc: `- listen: { on: server, port: 1, accept: none, as: web }
    - connect: { from: client, to: web, via: libc, as: c }
    - send: { by: c, bytes: 60000000 }`,
  lingers: `- listen: { on: server, port: 1, accept: none, as: web }
    - connect: { from: client, to: web, as: c }
    - block: { on: client, hook: in, as: wall }
    - send: { by: c, data: x }
    - close: { by: c, linger: 15 }`,
  runs: `- exec: { on: server, run: [sh, -c, 'trap "" TERM INT; while :; do sleep 100; done'], deadline: 1h, as: p }`,
  joins: `- exec: { on: server, run: [sleep, '1000'], deadline: 1h, as: p, beside: true }
    - join: p`,
  kills: `- exec: { on: server, run: [sh, -c, 'trap "" TERM; echo up; while :; do sleep 100; done'], deadline: 1h, as: p, beside: true }
    - until: p.stdout == "up\\n"
    - kill: p`,
  connects: `- block: { on: server, hook: in, as: wall }
    - connect: { from: client, to: 'server:1', as: c }`,
  connectsByLibc: `- block: { on: server, hook: in, as: wall }
    - connect: { from: client, to: 'server:1', via: libc, as: c }`,
  receives: `- listen: { on: server, port: 1, as: web }
    - connect: { from: client, to: web, as: c }
    - receive: { by: c, end: true, deadline: 1h }`,
  requests: `- listen: { on: server, port: 1, as: web }
    - request: { from: client, to: web, deadline: 1h, count: 5, as: r }`,
  floods: `- flood: { from: client, to: 'server:1', syns: 1000, every: 1s, as: f }`,
};

const few = await launch(
  requestFor(
    {
      ...Object.fromEntries(Object.entries(HANGS).map(([id, steps]) => [id, lab(steps)])),
      netstat: lab(
        `- exec: { on: server, run: [netstat, -s], as: before }
         - listen: { on: server, port: 1, backlog: 1, accept: none, as: web }
         - connect: { from: client, to: web, count: 2, as: c }
         - connect: { from: client, to: web, deadline: 20ms, as: full }
         - connect: { from: client, to: 'server:9', as: shut }
         - flood: { from: client, to: 'server:8', syns: 50, as: flood }
         - until: server.TcpOutRsts == 51
         - close: { by: c, linger: 0 }
         - until: server.sockets.count("ESTAB") == 0
         - exec: { on: server, run: [netstat, -s], as: after }`,
        ['server.TcpExtListenOverflows > 0', 'before.exit == 0 && after.exit == 0'],
      ),
      absent: lab(`- exec: { on: server, run: [no-such-program], as: p }`),
    },
    { jobs: 3, timeout: 1.5, full: true, noSkip: true },
  ),
);

t.test('the lab timeout ends whatever a step waits for', { skip: missing('nft') }, async (t) => {
  for (const id of Object.keys(HANGS)) {
    const { verdict, reason, seconds, hosts, steps } = only(few, id);
    t.same({ verdict, ...reason }, { verdict: 'error', code: 'timeout', text: 'not over after 1.5 s of lab time' }, id);
    t.ok(seconds.wall >= 1.4 && seconds.wall < 4, `${id} ended after ${seconds.wall} s`);
    t.equal(Object.keys(hosts).length, 2, 'what there was is kept');
    t.ok(steps.length > 0);
  }
});

t.test('no more labs side by side than jobs', async (t) => {
  const all = spans(few);
  const most = Math.max(...all.map((a) => all.filter((b) => b.from <= a.from && a.from < b.to).length));
  t.equal(most, 3);
});

t.test('with no-skip a skip is a failure', async (t) => {
  const { verdict, reason } = only(few, 'absent');
  t.same({ verdict, reason }, { verdict: 'failed', reason: { code: 'program', text: 'needs no-such-program' } });
});

t.test(
  'counters are what netstat -s says at the same moment, sentence by sentence',
  { skip: missing('netstat') },
  async (t) => {
    const record = only(few, 'netstat');
    t.equal(record.verdict, 'passed', record.reason.text);
    const { before, after, delta } = record.hosts['server']!.counters;
    const said = (name: string) => String(outcome(record, name)['stdout']);
    t.equal(said('before'), netstatReport(before!));
    t.equal(said('after'), netstatReport(after!));
    t.not(said('before'), said('after'));
    t.match(said('after'), /^ {4}\d+ times the listen queue of a socket overflowed$/m);
    t.match(said('after'), /^ {4}51 resets sent$/m);
    for (const [name, change] of Object.entries(delta)) t.equal(after![name]! - (before![name] ?? 0), change, name);
  },
);

const change = (id: string, mainline: string): Change => ({
  id,
  of: 'linux',
  commit: '0123456789ab',
  subject: 'made up',
  about: 'Made up.',
  mainline,
  backports: {},
  vendors: {},
  probe: 'probes/somaxconn-4096',
});

t.test('a kernel that is not what its version says is a finding, and fails the record', async (t) => {
  const told = await launch(
    requestFor(
      {
        young: lab('- observe: o').replace('expect:', 'expect:\n  - { when: { has: never-made }, that: "1 == 2" }'),
        old: lab('- observe: o').replace('expect:', 'expect:\n  - { when: { has: ever-made }, that: "1 == 1" }'),
        none: lab('- observe: o'),
      },
      {},
      [change('never-made', '99.0'), change('ever-made', '2.6')],
    ),
  );
  t.equal(told.run.findings.length, 1, 'the probe has one answer, the versions two');
  const [finding] = told.run.findings;
  t.match(finding, { kind: 'change', where: /^(never|ever)-made$/ });
  t.not(finding?.expected, finding?.measured);
  const [wrong, right] = finding?.where === 'never-made' ? ['young', 'old'] : ['old', 'young'];
  const { verdict, reason, changes } = only(told, wrong);
  t.equal(verdict, 'failed');
  t.equal(reason.code, 'change');
  t.match(reason.text, `the probe of ${finding?.where} disagrees with what this kernel's version says`);
  t.match(changes[finding!.where], { by: 'version', version: finding?.expected, probe: finding?.measured });
  t.equal(only(told, right).verdict, 'passed');
  t.equal(only(told, 'none').verdict, 'passed');
  t.equal(told.run.verdict, 'failed');
});

const QUICK =
  lab('- listen: { on: server, port: 1, backlog: 5, accept: none, as: web }', ['web.limit == 5'], 'lasts: 9s') +
  `claims:
  - { id: quick-claim, source: { article: syn-accept-queues }, says: five is five, that: web.limit == 5, holds: always }
`;
const HOLD = lab(
  `- listen: { on: server, port: 1, accept: none, as: web }
   - exec: { on: client, run: [sleep, '100'], deadline: 1h, as: sleeper, beside: true }
   - wait: { for: 50s, because: the test ends it }`,
  undefined,
  'lasts: 8s',
);

t.test('Ctrl-C: what finished is kept and judged, the others say interrupted', async (t) => {
  const plans = requestFor({ quick: QUICK, hold: HOLD, next: HOLD, never: HOLD, alsoNever: HOLD }, { jobs: 2 });
  let steps = 0;
  const told = await launch(plans, (event, stop) => {
    if (event.type === 'step' && event.kind === 'wait' && (steps += 1) === 2) stop();
  });
  t.match(told.events.at(-1), { type: 'bye', interrupted: true, records: 5 });
  t.match(told.run, { verdict: 'error', partial: true });
  const quick = only(told, 'quick');
  t.equal(quick.verdict, 'passed', quick.reason.text);
  t.match(quick.claims, [{ id: 'quick-claim', verdict: 'confirmed' }]);
  for (const id of ['hold', 'next', 'never', 'alsoNever']) {
    const record = only(told, id);
    t.match(record, { verdict: 'error', reason: { code: 'interrupted' }, expectations: [] }, id);
    t.equal(record.steps.length, id.endsWith('ever') ? 0 : 3, 'what there was is kept');
    t.equal(record.pcapng === null, id.endsWith('ever'));
  }
});

const root = process.geteuid?.() === 0;
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
const people = root
  ? [
      { who: 'root', as: [] },
      { who: 'an ordinary user', as: NOBODY },
    ]
  : [{ who: 'an ordinary user', as: [] }];

/** Why these people cannot start it here: a checkout may lie where only root can read; false when they can. */
function unreadable(who: string, as: readonly string[]): string | false {
  const [command, ...rest] = [...as, 'test', '-r', `${DIST}/cli/main.js`];
  return spawnSync(command, rest).status === 0 ? false : `${who} cannot read the checkout`;
}

/** The command in a folder of its own, from outside of what tap adds; `as`: who runs it. */
function startCommand(as: readonly string[], dir: string, ...argv: readonly string[]) {
  return startNode(['env', `HOME=${dir}`, `TCPLAB_RESULTS=${dir}/out`, ...as], `${DIST}/cli/main.js`, ...argv);
}

async function command(as: readonly string[], dir: string, ...argv: readonly string[]) {
  const { launcher, lines, said } = startCommand(as, dir, ...argv);
  const closed = once(launcher, 'close');
  const out: string[] = [];
  for await (const line of { [Symbol.asyncIterator]: () => lines }) out.push(line);
  const [code] = await closed;
  return { code, out: out.join('\n'), said: await said };
}

/** The journal of the one run that is kept in a folder. */
function journal(out: string): string {
  const [run] = readdirSync(out);
  return run === undefined ? '' : read(join(out, run, JOURNAL_FILE));
}

/** Ways to end a run in the middle: the signal, the number of its receiver in the family, and what is said then. */
const ENDS = [
  { what: 'SIGKILL of the engine', signal: 'SIGKILL', receiver: 2, code: 4, reason: 'engine-died' },
  { what: 'SIGKILL of the command', signal: 'SIGKILL', receiver: 0, code: null, reason: 'interrupted' },
  { what: 'Ctrl-C', signal: 'SIGINT', receiver: 0, code: 130, reason: 'interrupted' },
] as const;

for (const { who, as } of people)
  for (const end of ENDS)
    t.test(`${end.what} as ${who}: what finished is kept, nothing stays`, { skip: unreadable(who, as) }, async (t) => {
      const dir = t.testdir({ 'quick.yaml': QUICK, 'hold.yaml': HOLD, out: {} });
      for (const folder of [dir, `${dir}/out`]) chmodSync(folder, 0o777);
      const before = machine();
      const own = namespaces([{ pid: process.pid, parent: 0, born: '' }]);
      const { launcher, lines, said } = startCommand(as, dir, 'run', `${dir}/quick.yaml`, `${dir}/hold.yaml`);
      const closed = once(launcher, 'close');
      const family = () => below(launcher.pid ?? 0, alive());
      const up = () =>
        family().some(({ pid }) => read(`/proc/${pid}/comm`) === 'sleep\n') &&
        journal(`${dir}/out`).includes('"type":"record"');
      const deadline = performance.now() + 20_000;
      while (!up()) {
        if (launcher.exitCode !== null || performance.now() > deadline) throw new Error(`no lab: ${await said}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const members: readonly Process[] = family();
      t.match(
        members.slice(0, 3).map(({ pid }) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')),
        [/cli\/main.js run/, /^unshare/, /engine\/main.js/],
      );
      const made = [...namespaces(members)].filter(([space]) => !own.has(space));
      // While we hold them their numbers cannot go to the labs of somebody else.
      const ours = made.map(([, place]) => openSync(place, 'r'));

      process.kill(members[end.receiver]!.pid, end.signal);
      const words: string[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines }) words.push(line);
      t.same(await closed, [end.code, end.code === null ? end.signal : null]);
      if (end.code === 4) t.match(words.join(' ').replaceAll(/\s+/g, ' '), /the engine ended without a bye: killed by/);
      if (end.code === 130) t.match(await said, /ending the labs; once more to end at once/);

      const member = ({ pid, born }: Process) => members.some((one) => one.pid === pid && one.born === born);
      t.same(
        await gone(() =>
          alive()
            .filter(member)
            .map(({ pid }) => String(pid)),
        ),
        [],
        'no process stays',
      );
      const holders = namespaces(alive().filter(({ pid }) => pid !== process.pid));
      t.same(
        made.map(([space]) => space).filter((space) => holders.has(space)),
        [],
        'no namespace is held',
      );
      t.ok(made.filter(([space]) => space.startsWith('net:')).length >= 3, 'there were some');
      ours.forEach((fd) => closeSync(fd));
      t.same(machine(), before, 'no link, mount or named namespace stays');

      const { run, folder } = readRun('last', `${dir}/out`);
      t.match(run, { verdict: 'error', partial: true });
      const [quick, hold] = run.records;
      t.equal(quick?.verdict, 'passed', 'the finished record is judged');
      t.match(hold, { verdict: 'error', reason: { code: end.reason } });
      if (end.signal === 'SIGKILL') t.match(hold?.reason.text, /this scenario was running$/);
      const capture = readFileSync(join(folder, quick?.pcapng?.file ?? ''));
      t.equal(createHash('sha256').update(capture).digest('hex'), quick?.pcapng?.sha256, 'its packets are there');
      const claims = await command(as, dir, 'claims', '--from', 'last', '--json');
      t.match(claims.out, /"quick-claim"/, claims.said);
      t.match(claims.out, /"confirmed"/);
      t.match((await command(as, dir, 'claims', '--from', 'last')).out, /five is five/);
    });

/** Short scenarios of the catalogue whose packets come in an order that only the kernel decides. */
const SHORT = [
  'queues/accept-queue-limit',
  'queues/abort-on-overflow-syn',
  'queues/sysctl-defaults',
  'queues/raw-syn-from-own-address',
  'queues/syncookies-below-limit',
  'resets/data-to-closed-socket',
  'resets/firewall-rejects',
  'resets/jedis-linger-zero',
  'resets/vanished-connection',
  'resets/nginx-fin-seen',
];

const COUNTER = /\b([A-Za-z0-9]+)\.((?:Tcp|Ip|Icmp|Udp)[A-Za-z0-9]+)\b/g;

/** What must not depend on who runs it. */
function essence({ scenario, verdict, expectations, claims, hosts, packets }: ScenarioRecord) {
  const named = [...new Set(expectations.flatMap(({ that }) => [...that.matchAll(COUNTER)].map(([name]) => name)))];
  const values = named.map((name) => {
    const [host, counter] = name.split('.') as [string, string];
    return `${name} ${hosts[host]?.counters.delta[counter]}`;
  });
  const flags = Object.keys(hosts).map((host) => {
    const seen = packets.filter((packet) => packet.host === host);
    return `${host} ${seen.map(({ out, flags: one }) => `${out ? '>' : '<'}${one}`).join(' ')}`;
  });
  return {
    scenario: `${scenario.id} ${JSON.stringify(scenario.params)}`,
    verdict,
    expectations: expectations.map((one) => one.verdict),
    claims: claims.map(({ id, verdict: one }) => `${id} ${one}`),
    counters: values,
    flags,
  };
}

const notBoth = root ? unreadable('an ordinary user', NOBODY) : 'only root can be both';

t.test('root and an ordinary user measure the same', { skip: notBoth }, async (t) => {
  const top = t.testdir({ own: {}, other: {} });
  const measured = await Promise.all(
    Object.entries({ own: [], other: NOBODY }).map(async ([name, as]) => {
      const dir = join(top, name);
      chmodSync(dir, 0o777);
      const { code, out, said } = await command(as, dir, 'run', '--json', ...SHORT);
      t.equal(code, 0, said);
      return parseRun(out, 'stdout');
    }),
  );
  const [own, other] = measured as [Run, Run];
  t.equal(new Set(own.records.map(({ scenario }) => scenario.id)).size, SHORT.length);
  t.ok(own.records.every(({ on, missing }) => on.root && !missing.includes('tracing')));
  t.ok(
    other.records.every(({ on, missing }) => !on.root && missing.includes('tracing')),
    'what a user lacks is said',
  );
  own.records.forEach((record, i) => t.same(essence(other.records[i]!), essence(record), record.scenario.id));
  t.ok(own.records.flatMap((record) => essence(record).counters).length > 20, 'counters were compared');
});

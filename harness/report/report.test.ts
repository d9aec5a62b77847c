import stringWidth from 'string-width';
import t from 'tap';
import type { EngineEvent } from '../engine/protocol.ts';
import { digest } from '../results/canonical.ts';
import { RECORD_SCHEMA, RUN_SCHEMA } from '../results/record.ts';
import type { ClaimOfRecord, Run, ScenarioRecord } from '../results/record.ts';
import type { Plan } from '../scenario/model.ts';
import { markdownCode, markdownText, visible } from './escape.ts';
import { labels, seconds } from './label.ts';
import { LiveBlock } from './live.ts';
import { multiplex } from './multiplexer.ts';
import { packetLine, sentOnly } from './packet-text.ts';
import { REPORTERS } from './registry.ts';
import type { Output, Reporter, RunInfo } from './reporter.ts';
import { makeStyle, speaksUtf8, spell, wantsColour } from './style.ts';
import { markdownTable, textTable } from './table.ts';
import { terminalOutput } from './terminal.ts';
import { untestableText } from './untestable-text.ts';
import { wrap } from './wrap.ts';

class Page implements Output {
  text = '';
  readonly columns: number;
  readonly style: Output['style'];
  constructor(columns = 100, colour = false, unicode = true) {
    this.columns = columns;
    this.style = makeStyle(colour, unicode);
  }
  write(text: string): void {
    this.text += text;
  }
}

const kernel = { id: 'host', release: '6.1.0-50-amd64', version: 'Linux version 6.1', upstream: '6.1.170' };

const claim = (changes: Partial<ClaimOfRecord> = {}): ClaimOfRecord => ({
  id: 'full-queue-drops-syn',
  article: 'rst-causes',
  section: 'Full queue',
  says: 'when the accept queue is full the SYN is dropped and the client waits in SYN_SENT',
  verdict: 'confirmed',
  expected: 'confirmed',
  that: 'after.server.TcpExtListenDrops == 3',
  values: {},
  text: '3 == 3',
  measured: changes.text ?? '3 == 3',
  because: '',
  explainedBy: [],
  ...changes,
});

const packet = (changes: Partial<ScenarioRecord['packets'][number]> = {}): ScenarioRecord['packets'][number] => ({
  at: 0.000123,
  host: 'client',
  out: true,
  from: 'client:40000',
  to: 'server:8888',
  flags: '[S]',
  seq: 1,
  ack: 0,
  length: 0,
  ...changes,
});

const record = (changes: Partial<ScenarioRecord> = {}): ScenarioRecord => ({
  schema: RECORD_SCHEMA,
  scenario: { id: 'queues/accept', title: 'The accept queue', digest: 'd', params: { backlog: 1 } },
  repeat: 0,
  on: { launcher: 'local', kernel, clock: 'real', seed: 1, root: true },
  verdict: 'passed',
  reason: { code: '', text: '' },
  hosts: {
    server: {
      address: '192.0.2.1',
      sysctl: { 'net.core.somaxconn': 128 },
      counters: { delta: { TcpExtListenDrops: 3, TcpOutRsts: 0 } },
    },
  },
  steps: [],
  observations: {},
  packets: [packet()],
  packetsTotal: 2,
  pcapng: { file: 'queues-accept-0.pcapng', sha256: 'f' },
  transitions: null,
  causes: null,
  unexplained: null,
  expectations: [],
  claims: [],
  changes: {},
  probe: null,
  missing: [],
  seconds: { lab: 1.234, wall: 1.3 },
  ...changes,
});

const runOf = (records: ScenarioRecord[], changes: Partial<Run> = {}): Run => {
  const run: Omit<Run, 'digest'> = {
    schema: RUN_SCHEMA,
    tool: { name: 'tcplab', version: '0.1.0' },
    id: '20260101-000000-abcd',
    verdict: 'passed',
    partial: false,
    findings: [],
    records,
    ...changes,
  };
  return { ...run, digest: digest(run) };
};

const planOf = ({ scenario, repeat }: ScenarioRecord): Plan => ({
  id: scenario.id,
  title: scenario.title,
  digest: scenario.digest,
  tags: [],
  params: { backlog: scenario.params['backlog'] as number },
  repeat,
  hosts: {},
  links: [],
  steps: [],
  expect: [],
  claims: [],
  names: { hosts: [], observations: [], params: {}, outcomes: {} },
  changes: [],
  needs: [],
  alone: false,
  lasts: 0,
});

const infoOf = (run: Run): RunInfo => ({
  id: run.id,
  plans: run.records.map(planOf),
  launcher: 'local',
  folder: `results/${run.id}`,
  articles: new Map([['rst-causes', 'Four causes of an RST']]),
  changes: [],
});

/** What a reporter prints of a run whose records come as events. */
function told(name: string, run: Run, page = new Page(), finished = run.records.length): string {
  const reporter = REPORTERS.find((each) => each.name === name)!.make(page);
  reporter.begin(infoOf(run));
  reporter.event({
    type: 'hello',
    protocol: 1,
    kernel,
    hz: 250,
    root: false,
    missing: [{ what: 'tracing', why: 'needs root' }],
  });
  run.records.slice(0, finished).forEach((value, index) => reporter.event({ type: 'record', record: index, value }));
  reporter.end(run);
  return page.text;
}

const brokenRecord = record({
  verdict: 'failed',
  reason: { code: 'expectation', text: '1 expectation broken' },
  packets: [
    packet(),
    packet({ at: 0.5, host: 'server', out: false }),
    packet({ at: 1, flags: '[R.]', from: 'server:8888', to: 'client:40000', ack: 2 }),
  ],
  expectations: [
    {
      that: 'after.server.TcpExtListenDrops == flood.sent - backlog',
      verdict: 'broken',
      values: { 'after.server.TcpExtListenDrops': 3, 'flood.sent': 5, backlog: 1 },
      text: '3 == 4',
      position: 'queues/accept.yaml:14:11',
    },
  ],
});

t.test('text: records that are skipped for one reason have one line', async (t) => {
  const skipped = (linger: number, text: string) =>
    record({
      scenario: { id: 'resets/linger', title: 'linger', digest: 'e', params: { linger } },
      verdict: 'skipped',
      reason: { code: 'program', text },
    });
  const run = runOf([skipped(1, 'needs nft'), skipped(2, 'needs nginx'), skipped(3, 'needs nft')]);
  t.match(
    told('text', run, new Page(110)),
    'skip   resets/linger  2 of 3 records  (needs nft)\nskip   resets/linger  1 of 3 records  (needs nginx)\n\n',
  );
});

t.test('text: the golden page of a run with everything in it', async (t) => {
  const run = runOf(
    [
      record({ claims: [claim()] }),
      { ...brokenRecord, scenario: { ...brokenRecord.scenario, params: { backlog: 7 } } },
      record({
        scenario: { id: 'proxies/nginx', title: 'nginx', digest: 'e', params: {} },
        verdict: 'skipped',
        reason: { code: 'program', text: 'needs nginx: apt-get install nginx-light' },
      }),
    ],
    {
      verdict: 'failed',
      findings: [{ kind: 'change', where: 'accept-full-drops-syn', expected: true, measured: false }],
    },
  );
  t.equal(
    told('text', run, new Page(110)),
    `kernel 6.1.0-50-amd64 (host), as an ordinary user
without tracing: needs root
FAIL   queues/accept backlog=7  1.23 s  (1 broken expectation, see below)
ok     queues/accept  1 of 2 records  1.23 s
skip   proxies/nginx  (needs nginx: apt-get install nginx-light)

broken  queues/accept backlog=7
  at        queues/accept.yaml:14:11
  expected  after.server.TcpExtListenDrops == flood.sent - backlog
  measured  3 == 4
  with      after.server.TcpExtListenDrops = 3
            flood.sent = 5
            backlog = 1
  packets   0.000123 client:40000 > server:8888 [S], seq 1, length 0
            1.000000 server:8888 > client:40000 [R.], seq 1, ack 2, length 0

rst-causes (Four causes of an RST): 1 claim: 1 confirmed
here       the article says                                              measured  instead
confirmed  when the accept queue is full the SYN is dropped and the      3 == 3
           client waits in SYN_SENT

finding  change at accept-full-drops-syn: expected true, measured false

3 records: 1 passed, 1 failed, 1 skipped
results in results/20260101-000000-abcd
`,
  );
});

t.test('text: what never finished is told at the end, as partial', async (t) => {
  const lost = record({
    verdict: 'error',
    reason: { code: 'interrupted', text: 'the run was interrupted; this scenario was running' },
  });
  const text = told('text', runOf([record(), lost], { partial: true, verdict: 'error' }), new Page(), 1);
  t.match(text, /^ERROR {2}queues\/accept .*\(the run was interrupted; this scenario was running\)$/m);
  t.match(text, /2 records: 1 passed, 1 in error \(partial: the run did not finish\)/);
  t.equal(text.match(/^ok /gm)?.length, 1);
});

t.test('text: a scenario that stopped early shows its last packets', async (t) => {
  const stopped = record({
    verdict: 'failed',
    reason: { code: 'not-reached', text: 'a.yaml:3:5: until: not within 10 s' },
  });
  t.match(
    told('text', runOf([stopped], { verdict: 'failed' })),
    `\n\nstopped  queues/accept\n  why       a.yaml:3:5: until: not within 10 s\n  packets   0.000123 client:40000 > server:8888 [S], seq 1, length 0\n\n`,
  );
});

t.test('claims: a surprise says what was predicted, a refuted one what happens instead', async (t) => {
  const surprise = claim({ verdict: 'refuted', text: '5 == 3', because: 'never held', instead: 'five are dropped' });
  const text = told(
    'text',
    runOf([record({ claims: [surprise, claim()] }), record({ claims: [claim()] })]),
    new Page(200),
  );
  t.match(
    text,
    /^refuted +when the .* 5 == 3 +five are dropped \[never held\] +full-queue-drops-syn\n\(predicted: .*\nconfirmed\)\n/m,
  );
  t.match(text, '(and 1 more record)', 'one row for all records of a sweep that agree');
  t.match(text, '1 claim: 1 refuted', 'a claim counts once, by its worst');
});

t.test('what cannot be tested is counted by article', async (t) => {
  const sentence = { article: 'b', section: '', line: 1, says: 's', claims: ['c'], names: ['c'] };
  const without = { ...sentence, claims: [], names: [], why: 'w' };
  t.strictSame(untestableText([sentence, without, { ...without, article: 'a' }], 'CLAIMS.md'), [
    'b: 1 of 2 sentences',
    'a: 1 of 1 sentence',
    'Each with the reason: CLAIMS.md',
  ]);
});

t.test('colour repeats the words, and never replaces them', async (t) => {
  const run = runOf([record(), brokenRecord], { verdict: 'failed' });
  const coloured = told('text', run, new Page(100, true));
  t.match(coloured, '\u001b[32mok   \u001b[39m');
  t.match(coloured, '\u001b[31mFAIL \u001b[39m');
  t.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), told('text', run, new Page(100)));
});

t.test('who wants colour', async (t) => {
  const cases: [boolean | undefined, NodeJS.ProcessEnv, boolean, boolean][] = [
    [undefined, {}, true, true],
    [undefined, {}, false, false],
    [undefined, { TERM: 'dumb' }, true, false],
    [undefined, { NO_COLOR: '1' }, true, false],
    [undefined, { NO_COLOR: '' }, true, true],
    [undefined, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [undefined, { FORCE_COLOR: '1' }, false, true],
    [undefined, { FORCE_COLOR: '0' }, true, false],
    [true, { NO_COLOR: '1' }, false, true],
    [false, { FORCE_COLOR: '1' }, true, false],
  ];
  for (const [flag, env, isTTY, wants] of cases)
    t.equal(wantsColour(flag, env, isTTY), wants, JSON.stringify({ flag, env, isTTY }));
});

t.test('locales that are not UTF-8 get ASCII', async (t) => {
  t.ok(speaksUtf8({ LANG: 'C.UTF-8' }));
  t.ok(speaksUtf8({ LANG: 'C', LC_ALL: 'en_US.utf8' }));
  t.notOk(speaksUtf8({ LANG: 'en_US.UTF-8', LC_ALL: 'C' }), 'LC_ALL wins');
  t.notOk(speaksUtf8({}));
  t.equal(spell(makeStyle(false, false), 'a – b … “c” → 队'), 'a - b ... "c" -> ?');
  t.equal(spell(makeStyle(false, true), '队'), '队');
  const text = told(
    'text',
    runOf([record({ claims: [claim({ says: 'it’s full — 队列' })] })]),
    new Page(100, false, false),
  );
  t.match(text, "it's full - ??");
  t.match(text, /^[\x00-\x7f]*$/, 'nothing else gets through');
});

t.test('text from outside cannot drive the terminal', async (t) => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\r\nok\u202etxt\u009b31m';
  t.equal(visible(evil), '\\e]0;owned\\u0007\\e[2J\\r\\nok\\u202etxt\\u009b31m');
  const hostile = record({
    verdict: 'failed',
    scenario: { id: evil, title: evil, digest: 'd', params: { p: evil } },
    reason: { code: 'x', text: evil },
    packets: [packet({ from: evil })],
    expectations: [{ that: evil, verdict: 'broken', values: { [evil]: evil }, text: evil, position: evil }],
    claims: [
      claim({ id: evil, article: evil, says: evil, text: evil, because: evil, verdict: 'refuted', instead: evil }),
    ],
  });
  const other = { ...hostile, scenario: { ...hostile.scenario, params: { p: 'q' } } };
  const run = runOf([hostile, other], { findings: [{ kind: evil, where: evil, expected: evil, measured: evil }] });
  for (const name of ['text', 'markdown', 'json'])
    t.equal(
      told(name, run).search(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/),
      -1,
      `${name}: no control character`,
    );
  t.strictSame(JSON.parse(told('json', run)), run, 'json: the whole run, and nothing else');
});

t.test('markdown', async (t) => {
  t.equal(
    markdownText('a | b *c* [d](http://e) <f> `g` & h'),
    'a \\| b \\*c\\* \\[d\\](http:&#47;/e) &lt;f&gt; \\`g\\` &amp; h',
  );
  t.equal(markdownText('1. x'), '1\\. x');
  t.equal(markdownText('# x'), '\\# x');
  t.equal(markdownCode('a `b` | c'), '``a `b` \\| c``');
  t.equal(markdownCode('`'), '`` ` ``');
  const run = runOf([record({ claims: [claim({ says: 'a | b' })] }), brokenRecord], { verdict: 'failed' });
  const text = told('markdown', run);
  t.match(text, /^# tcplab: failed\n/);
  t.match(text, '- kernel 6.1.0-50-amd64 (host, local, real clock)');
  t.match(text, '## Claims of Four causes of an RST\n\n1 claim: 1 confirmed\n');
  t.match(text, '| a \\| b |');
  t.match(text, '| TcpExtListenDrops | 3 | 3 SYNs to LISTEN sockets dropped |', 'the sentence of netstat -s');
  t.notMatch(text, 'TcpOutRsts', 'a counter that did not move is left out');
  t.match(text, '- **broken** `after.server.TcpExtListenDrops == flood.sent - backlog`: `3 == 4`');
  t.match(
    text,
    'Packets (2 captured, in `queues-accept-0.pcapng`):\n\n```text\n0.000123 client:40000 > server:8888 [S], seq 1, length 0\n```',
  );
});

t.test('tables keep to the width, whatever it is', async (t) => {
  const table = {
    columns: [{ title: 'id' }, { title: 'says', most: 48 }, { title: 'n', right: true, most: 0 }],
    rows: [
      [
        'syn-queue-drops-silently',
        'with syncookies off every SYN past the sixteenth is dropped, and no RST is sent',
        '540',
      ],
      ['队列溢出时内核会丢弃最后一个确认报文', 'net.ipv4.tcp_abort_on_overflow='.repeat(4), '7'],
    ],
  };
  for (const width of [60, 100, 200]) {
    const lines = textTable(table, width);
    t.ok(
      lines.every((line) => stringWidth(line) <= width),
      `${width} columns`,
    );
    const joined = lines.join('').replaceAll(/\s/g, '');
    for (const character of new Set('syn-queue-drops-silently队列溢出540'))
      t.match(joined, character, 'nothing is cut off');
  }
  const stubborn = {
    columns: [
      { title: 'here', least: 11 },
      { title: 'says', least: 40 },
    ],
    rows: [['ok', 'word '.repeat(20).trim()]],
  };
  t.ok(
    textTable(stubborn, 30).every((line) => stringWidth(line) <= 30),
    'past the least, too',
  );
  const marked = textTable(stubborn, 80, (text) => `<${text}>`);
  t.notOk(
    marked.some((line) => line.endsWith(' >')),
    'no blanks inside the last colour',
  );
  t.equal(textTable(table, 200).length, 6, 'a column that says its most wraps even where there is room');
  const starts = textTable(table, 100)
    .map((line) => line.search(/540|7$/))
    .filter((at) => at > 0);
  t.equal(starts.length, 2);
  t.strictSame(markdownTable({ columns: table.columns, rows: [['a|b', '*', '1']] }), [
    '| id | says | n |',
    '| --- | --- | ---: |',
    '| a\\|b | \\* | 1 |',
  ]);
  t.strictSame(wrap('one two three', 7), ['one two', 'three']);
  t.strictSame(wrap('tcp_abort_on_overflow', 12), ['tcp_abort_', 'on_overflow']);
});

t.test('labels name what differs', async (t) => {
  const of = (id: string, params: Record<string, unknown>, repeat = 0) => ({ id, params, repeat });
  t.strictSame(labels([of('a', { x: 1, y: 2 }), of('a', { x: 3, y: 2 }), of('b', { x: 1 })]), ['a x=1', 'a x=3', 'b']);
  t.strictSame(labels([of('a', {}, 1), of('a', {}, 2)]), ['a #1', 'a #2']);
  t.strictSame([0.0123, 1.5, 7200].map(seconds), ['0.012 s', '1.50 s', '7200 s']);
});

t.test('packets as tcpdump prints them, each once', async (t) => {
  t.equal(
    packetLine(packet({ flags: '[.]', ack: 9 })),
    '0.000123 client:40000 > server:8888 [.], seq 1, ack 9, length 0',
  );
  t.equal(packetLine(packet({ flags: '[R]', ack: 9 })), '0.000123 client:40000 > server:8888 [R], seq 1, length 0');
  const both = [packet(), packet({ host: 'server', out: false }), packet({ host: 'server', out: false, seq: 5 })];
  t.strictSame(sentOnly(both), [both[0], both[2]], 'what nobody here sent stays');
});

t.test('a reporter that fails is left out, and the others go on', async (t) => {
  const heard: string[] = [];
  const good: Reporter = {
    begin: () => void heard.push('begin'),
    event: () => void heard.push('event'),
    end: () => void heard.push('end'),
  };
  const bad: Reporter = {
    begin() {},
    event() {
      throw new Error('disk full');
    },
    end: () => void heard.push('bad end'),
  };
  const failures: string[] = [];
  const both = multiplex(
    [
      { name: 'bad', reporter: bad },
      { name: 'good', reporter: good },
    ],
    (name, error) => failures.push(`${name}: ${String(error)}`),
  );
  const run = runOf([record()]);
  both.begin(infoOf(run));
  both.event({ type: 'started', record: 0 });
  both.event({ type: 'started', record: 0 });
  both.end(run);
  t.strictSame(heard, ['begin', 'event', 'event', 'end']);
  t.strictSame(failures, ['bad: Error: disk full']);
});

t.test('the live block is drawn in place, and cleared for what is printed', async (t) => {
  const page = new Page(40);
  let now = 0;
  const live = new LiveBlock(page, () => now);
  const run = runOf([record(), record({ scenario: { ...record().scenario, params: { backlog: 2 } } })]);
  live.begin(infoOf(run));
  const events: EngineEvent[] = [
    { type: 'started', record: 0 },
    { type: 'started', record: 1 },
    { type: 'step', record: 0, index: 0, kind: 'listen', name: 'web', state: 'started' },
    { type: 'record', record: 1, value: record() },
  ];
  events.forEach((event) => live.event(event));
  now = 2500;
  live.draw();
  t.equal(
    page.text,
    '1 of 2 done, 1 running\n  queues/accept backlog=1  listen web  \n',
    'cut to the width of the terminal',
  );
  page.text = '';
  const many = multiplex([{ name: 'live', reporter: live }], () => undefined);
  many.clear?.();
  many.clear?.();
  t.equal(page.text, '\r\u001b[2A\u001b[0J', 'once, and through the multiplexer');
  live.end();
});

t.test('columns: those of the terminal, COLUMNS, or 100', async (t) => {
  const stream = (isTTY: boolean, columns?: number) => ({
    isTTY,
    ...(columns === undefined ? {} : { columns }),
    write: () => true,
  });
  t.equal(terminalOutput(stream(true, 80), undefined, {}).columns, 80);
  t.equal(terminalOutput(stream(false), undefined, {}).columns, 100);
  t.equal(terminalOutput(stream(false), undefined, { COLUMNS: '132' }).columns, 132);
  t.equal(terminalOutput(stream(false), undefined, { COLUMNS: 'x' }).columns, 100);
});

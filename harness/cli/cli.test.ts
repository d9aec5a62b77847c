import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import stringWidth from 'string-width';
import t from 'tap';
import type { EngineEvent, Request } from '../engine/protocol.ts';
import { FaultError, UnableError } from '../errors.ts';
import type { LaunchOptions, Launcher } from '../launch/launcher.ts';
import { multiplex } from '../report/multiplexer.ts';
import { makeStyle } from '../report/style.ts';
import { readRun } from '../results/read.ts';
import type { ScenarioRecord } from '../results/record.ts';
import { unfinished } from '../results/unfinished.ts';
import { loadCatalogue } from './catalogue.ts';
import { COMMANDS } from './commands.ts';
import type { Context } from './context.ts';
import { execute } from './execute.ts';
import { FIRST_SCENARIO } from './first-scenario.ts';
import { watchInterrupt } from './interrupt.ts';
import { main } from './program.ts';
import { errorText } from './failure.ts';
import { openReporters } from './reporters.ts';
import { buildRequest, plansFor } from './request.ts';

class Stream {
  text = '';
  write(text: string): void {
    this.text += text;
  }
}

/** Runs one command line in a folder of its own. */
async function tcplab(cwd: string, ...argv: string[]) {
  const [stdout, stderr] = [new Stream(), new Stream()];
  const env = { LANG: 'C.UTF-8', COLUMNS: '80' };
  const code = await main(argv, { stdout, stderr, env, cwd, signals: new EventEmitter() });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

function testContext(cwd: string, signals = new EventEmitter()) {
  const [stdout, stderr] = [new Stream(), new Stream()];
  const output = (stream: Stream) => ({
    write: (text: string) => stream.write(text),
    columns: 80,
    style: makeStyle(false, true),
  });
  const context: Context = {
    stdout: output(stdout),
    stderr: output(stderr),
    stderrIsTTY: false,
    env: {},
    cwd,
    signals,
    version: '0.1.0',
  };
  return { context, stdout, stderr, signals };
}

t.test('help: 80 columns, every command, the exit codes', async (t) => {
  const { code, stdout } = await tcplab(t.testdir(), '--help');
  t.equal(code, 0);
  for (const { name, about } of COMMANDS) t.match(stdout, new RegExp(`tcplab ${name}.* ${about}\n`), name);
  for (const helped of [
    stdout,
    ...(await Promise.all(COMMANDS.map(({ name }) => tcplab(t.testdir(), name, '--help')))).map((one) => one.stdout),
  ]) {
    t.ok(
      helped.split('\n').every((line) => stringWidth(line) <= 80),
      helped.split('\n')[0] ?? '',
    );
    t.match(helped, /Exit codes:\n {2}0 {2}passed\n/);
  }
  const none = await tcplab(t.testdir());
  t.equal(none.code, 2);
  t.equal(none.stdout, stdout);
  t.strictSame(await tcplab(t.testdir(), '--version'), { code: 0, stdout: '0.1.0\n', stderr: '' });
});

t.test('a wrong command line is told, and nothing is started', async (t) => {
  const cases: [argv: string[], message: RegExp][] = [
    [['rnu'], /^error: there is no command rnu\nhint: did you mean run\?\n$/],
    [['frobnicate'], /^error: there is no command frobnicate\n/],
    [['run', '--jbos', '3'], /^error: run does not take jbos\nhint: did you mean --jobs\?\n$/],
    [['run', '--jobs', 'abc'], /^error: --jobs abc: not a whole number\n/],
    [['run', '--jobs', '0'], /^error: --jobs 0: less than 1\n/],
    [['run', '--jobs', '1', '--jobs', '2'], /^error: --jobs 1 2: given more than once\n/],
    [['run', '--repeat=1.5'], /^error: --repeat 1.5: not a whole number\n/],
    [['run', '--timeout', '5'], /^error: --timeout 5: not a duration such as 500ms, 90s, 10m\n/],
    [['run', '--clock', 'fast'], /^error: --clock fast: not one of real, virtual\n/],
    [['run', '--clock', 'virtual'], /^error: --on local has the real clock only\n/],
    [['run', '--out'], /^error: Not enough arguments following: out\n/],
    [['run', '--on', 'mars'], /^error: there is no launcher mars\nhint: known here: .*local/],
    [
      ['run', '--on', 'local', '--kernel', 'debian/6.1'],
      /^error: --on local runs on this machine's own kernel, not on debian\/6.1\n/,
    ],
    [['run', '--no-such'], /^error: run does not take no-such\n/],
    [['run', 'no/such/scenario'], /^error: there is no scenario no\/such\/scenario\n/],
    [['run', '--tag', 'nosuchtag'], /^error: no scenario has the tag nosuchtag\n/],
    [['run', 'mine.yaml', '--reporter', 'txt'], /^error: there is no reporter txt\nhint: did you mean text\?\n/],
    [
      ['run', 'mine.yaml', '--json', '--reporter', 'text'],
      /^error: text and json would both write to standard output\n/,
    ],
    [['run', 'mine.yaml', '--reporter', 'json='], /^error: --reporter json=: the file has no name\n/],
    [['run', 'mine.yaml', '--reporter', 'json=/nowhere/x'], /^error: cannot write \/nowhere\/x: ENOENT/],
    [['run', 'mine.yaml', '--set', 'backlog'], /^error: --set backlog: not name=value\n/],
    [
      ['run', 'mine.yaml', '--set', 'backlgo=3'],
      /^error: no selected scenario has a param backlgo\nhint: did you mean backlog\?\n/,
    ],
    [['run', 'mine.yaml', '--set', 'backlog=many'], /^error: backlog is an integer, not "many"\n/],
    [
      ['run', 'mine.yaml', '--out', 'mine.yaml'],
      /^error: cannot write results into .*mine.yaml: .*\nhint: .*--out DIR/,
    ],
    [['explain'], /^error: Not enough non-option arguments/],
    [['schema', 'recrod'], /^error: there is no schema of recrod\nhint: did you mean record\?\n/],
    [['init', 'mine'], /^error: mine.yaml exists and is left as it is\nhint: to overwrite it: --force\n/],
    [['claims', '--from', 'last'], /^error: there is no run in .*\nhint: make one: tcplab run\n/],
    [['claims', 'mine.yaml'], /^error: no scenario that is selected has claims\n/],
  ];
  const cwd = t.testdir({ 'mine.yaml': FIRST_SCENARIO });
  const out = join(cwd, 'results');
  for (const [argv, message] of cases) {
    const named = argv[0] === 'claims' ? [...argv, '--out', out] : argv;
    const { code, stdout, stderr } = await tcplab(cwd, ...named);
    t.equal(code, 2, argv.join(' '));
    t.match(stderr, message);
    if (!named.includes('--json')) t.equal(stdout, '');
    if (!named.includes('--json'))
      t.match(JSON.parse((await tcplab(cwd, ...named, '--json')).stdout), { schema: 'tcplab.error/1', exitCode: 2 });
  }
  t.strictSame(readdirSync(cwd), ['mine.yaml'], 'nothing was made');
});

t.test('the stack of an error only with --debug', async (t) => {
  const plain = await tcplab(t.testdir(), 'run', 'nope');
  const debug = await tcplab(t.testdir(), 'run', 'nope', '--debug');
  t.notMatch(plain.stderr, /\n {4}at /);
  t.match(debug.stderr, /\n {4}at /);
});

t.test('init, check, list, explain', async (t) => {
  const cwd = t.testdir();
  t.strictSame(await tcplab(cwd, 'init', 'mine'), {
    code: 0,
    stdout: 'wrote mine.yaml\nrun it: tcplab run mine.yaml\n',
    stderr: '',
  });
  t.strictSame(await tcplab(cwd, 'check', 'mine.yaml'), { code: 0, stdout: '1 scenario, ok\n', stderr: '' });
  t.match(
    readFileSync(join(cwd, 'mine.yaml'), 'utf8'),
    /^# yaml-language-server: \$schema=\.\/scenario\.schema\.json\n/,
  );
  t.type(JSON.parse(readFileSync(join(cwd, 'scenario.schema.json'), 'utf8')), 'object');
  t.equal((await tcplab(cwd, 'init', 'mine', '--force')).code, 0);

  const listed = await tcplab(cwd, 'list', 'mine.yaml', '--json');
  t.strictSame(JSON.parse(listed.stdout), {
    schema: 'tcplab.list/1',
    scenarios: [
      {
        id: 'mine.yaml',
        title: 'The accept queue fills',
        file: 'mine.yaml',
        tags: [],
        articles: [],
        claims: [],
        needs: [],
      },
    ],
  });
  const explained = await tcplab(cwd, 'explain', 'mine.yaml', '--set', 'backlog=7');
  t.match(explained.stdout, /^mine\.yaml: The accept queue fills\n {2}params {3}backlog = 7\n/);
  t.match(explained.stdout, 'net.core.somaxconn = 128  (this file)');
  t.match(explained.stdout, 'steps    1. web: listen(server:8080, backlog 7), accept none\n');
  t.notOk(existsSync(join(cwd, 'results')));
});

t.test('check tells every problem of every file', async (t) => {
  const cwd = t.testdir({
    'a.yaml': FIRST_SCENARIO.replace('backlog: $backlog', 'backlog: $nope'),
    'b.yaml': FIRST_SCENARIO.replace('accept: none', 'acept: none'),
    'good.yaml': FIRST_SCENARIO,
  });
  const { code, stdout, stderr } = await tcplab(cwd, 'check', '.');
  t.equal(code, 2);
  t.equal(stdout, '');
  t.match(stderr, /^a\.yaml:\d+:\d+: .*\$nope/);
  t.match(stderr, /\nb\.yaml:\d+:\d+: .*acept.*\n.*\n +\^+\n/);
  const document = JSON.parse((await tcplab(cwd, 'check', '.', '--json')).stdout);
  t.match(document, { schema: 'tcplab.error/1', code: 'SCENARIO', problems: [{ file: 'a.yaml' }] });
  t.ok(document.problems.length >= 2);
});

t.test('what is selected', async (t) => {
  const long = FIRST_SCENARIO.replace('hosts:', 'tags: [slow]\nlasts: 60s\nhosts:');
  const cwd = t.testdir({ some: { 'a.yaml': FIRST_SCENARIO, 'b.yaml': long, 'readme.txt': '' } });
  const ids = (selectors: string[], more: Partial<Parameters<typeof loadCatalogue>[0]> = {}) =>
    loadCatalogue({ selectors, tags: [], cwd, ...more }).scenarios.map(({ id }) => id);
  t.strictSame(ids(['some']), ['some/a.yaml'], 'a folder leaves out the long ones');
  t.strictSame(ids(['some'], { long: true }), ['some/a.yaml', 'some/b.yaml']);
  t.strictSame(ids(['some/b.yaml']), ['some/b.yaml'], 'named is asked for');
  t.strictSame(ids(['some'], { tags: ['long'] }), ['some/b.yaml']);
  t.strictSame(ids(['some'], { tags: ['slow', 'other'] }), ['some/b.yaml']);
  t.strictSame(ids(['some/a.yaml', 'some/a.yaml', 'some']), ['some/a.yaml'], 'each once');
  const all = ids([]);
  t.ok(all.length > 0);
  t.notOk(
    all.some((id) => id.startsWith('probes/') || /\.ya?ml$|^(articles|changes|profiles)$/.test(id)),
    'neither probes nor data',
  );
  t.strictSame(
    ids(['queues/*']),
    all.filter((id) => id.startsWith('queues/')),
  );
  t.strictSame(ids(['queues']), ids(['queues/*']));
  t.strictSame(ids(['queues', 'queues/syn-queue-full']).filter((id) => id === 'queues/syn-queue-full').length, 1);
});

t.test('the request', async (t) => {
  const cwd = t.testdir({
    'a.yaml': FIRST_SCENARIO,
    'b.yaml': FIRST_SCENARIO.replaceAll('backlog', 'length')
      .replaceAll('length:', 'length:')
      .replace('length: $length', 'backlog: $length'),
  });
  const catalogue = loadCatalogue({ selectors: ['a.yaml', 'b.yaml'], tags: [], cwd });
  const plans = plansFor(catalogue, { set: ['backlog=2,3'], repeat: 2 });
  t.strictSame(
    plans.map(({ id, params, repeat }) => [id, ...Object.values(params), repeat]),
    [
      ['a.yaml', 2, 1],
      ['a.yaml', 2, 2],
      ['a.yaml', 3, 1],
      ['a.yaml', 3, 2],
      ['b.yaml', 1, 1],
      ['b.yaml', 1, 2],
      ['b.yaml', 4, 1],
      ['b.yaml', 4, 2],
    ],
    'a param goes to the scenarios that have it',
  );
  const wishes = { set: [], repeat: 1, launcher: 'local', seed: 7, jobs: 3, full: true, timeout: 9, noSkip: true };
  const { plans: _, ...rest } = buildRequest(catalogue, wishes, cwd);
  t.strictSame(rest, {
    protocol: 1,
    probes: {},
    changes: [],
    launcher: 'local',
    seed: 7,
    jobs: 3,
    full: true,
    timeout: 9,
    noSkip: true,
  });
});

const kernel = { id: 'host', release: '6.1.0', version: '', upstream: '6.1.1' };
const hello: EngineEvent = { type: 'hello', protocol: 1, kernel, hz: 250, root: true, missing: [] };

/** A run of the first scenario, two records, through a launcher that only speaks. */
async function launched(cwd: string, run: Launcher['run'], options: { strict?: boolean; signals?: EventEmitter } = {}) {
  writeFileSync(join(cwd, 'mine.yaml'), FIRST_SCENARIO);
  const catalogue = loadCatalogue({ selectors: ['mine.yaml'], tags: [], cwd });
  const wishes = { set: [], repeat: 1, launcher: 'fake', seed: 1, jobs: 1, full: false, timeout: 9, noSkip: false };
  const { context, stdout, stderr } = testContext(cwd, options.signals);
  const { exitCode } = await execute(context, {
    request: buildRequest(catalogue, wishes, cwd),
    launcher: { name: 'fake', run },
    directory: join(cwd, 'results'),
    reporter: openReporters(context, ['markdown=report.md'], false),
    articles: new Map(),
    wallTimeout: 60,
    strict: options.strict ?? false,
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text, run: readRun('last', join(cwd, 'results')).run };
}

/** Says what a healthy engine says. */
const speaking =
  (change: Partial<ScenarioRecord>) =>
  async ({ plans }: Request, on: (event: EngineEvent) => void): Promise<void> => {
    on(hello);
    plans.forEach((plan, record) => {
      on({ type: 'started', record });
      const empty = unfinished(plan, { launcher: 'fake', kernel, seed: 1, root: true }, { code: '', text: '' });
      on({ type: 'record', record, value: { ...empty, verdict: 'passed', ...change } });
    });
    on({ type: 'bye', records: plans.length, interrupted: false, peakMiB: 50 });
  };

t.test('a full disk is no fault of ours', async (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  t.match(errorText(full, false), /^error: ENOSPC.*\nhint: make room.*--out DIR/);
  t.match(errorText(new Error('x'), false), 'hint: this is a fault of tcplab');
});

t.test('the verdict of a run is its exit code', async (t) => {
  const cases: [Partial<ScenarioRecord>, boolean, number][] = [
    [{}, false, 0],
    [{ verdict: 'failed' }, false, 1],
    [{ verdict: 'skipped' }, false, 3],
    [{ verdict: 'error' }, false, 4],
    [{ unexplained: [{ counter: 'TcpOutRsts' }] }, false, 0],
    [{ unexplained: [{ counter: 'TcpOutRsts' }] }, true, 1],
    [{ unexplained: [] }, true, 0],
  ];
  for (const [change, strict, code] of cases) {
    const cwd = t.testdir();
    t.equal((await launched(cwd, speaking(change), { strict })).exitCode, code, JSON.stringify({ change, strict }));
  }
  const cwd = t.testdir();
  const { stdout, run } = await launched(cwd, speaking({}));
  t.match(stdout, /^ok {5}mine\.yaml  2 of 2 records  /m);
  t.match(stdout, `2 records: 2 passed\nresults in results/${run.id}\n`);
  t.match(readFileSync(join(cwd, 'report.md'), 'utf8'), /^# tcplab: passed\n/, 'the file of a reporter');
});

t.test('an engine that dies leaves a partial run', async (t) => {
  const { exitCode, run, stdout } = await launched(t.testdir(), async (_, on) => {
    on(hello);
    on({ type: 'started', record: 0 });
    throw new FaultError('the engine ended without a bye: killed by SIGKILL');
  });
  t.equal(exitCode, 4);
  t.match(run, { partial: true, verdict: 'error', records: [{ reason: { code: 'engine-died' } }, {}] });
  t.match(stdout, /ERROR {2}mine\.yaml backlog=1 .*killed by SIGKILL; this scenario was running/);
  t.match(stdout, /finding {2}fault at engine: the engine ended without a bye/);
});

t.test('a place that cannot even begin leaves nothing', async (t) => {
  const cwd = t.testdir();
  const cannot = launched(cwd, async () => {
    throw new UnableError('user namespaces are forbidden', 'sysctl ...');
  });
  await t.rejects(cannot, { message: 'user namespaces are forbidden', exitCode: 3 });
  t.strictSame(readdirSync(join(cwd, 'results')), []);
});

t.test('a signal ends the labs, and what there is stays', async (t) => {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const signals = new EventEmitter();
    const { exitCode, run, stderr } = await launched(
      t.testdir(),
      async (_request: Request, on: (event: EngineEvent) => void, { signal, kill }: LaunchOptions) => {
        on(hello);
        const ended = new Promise((resolve) => signal.addEventListener('abort', resolve));
        signals.emit(name);
        await ended;
        t.equal(kill.aborted, false);
        on({ type: 'bye', records: 0, interrupted: true, peakMiB: 50 });
      },
      { signals },
    );
    t.equal(exitCode, code);
    t.match(run, { partial: true, records: [{ reason: { code: 'interrupted' } }, {}] });
    t.match(stderr, 'ending the labs; once more to end at once\n');
    t.equal(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM'), 0, 'nobody listens any more');
  }
});

t.test('the second Ctrl-C kills; the one that npm repeats does not', async (t) => {
  let now = 0;
  const signals = new EventEmitter();
  using watch = watchInterrupt(
    signals,
    () => undefined,
    () => now,
  );
  signals.emit('SIGINT');
  now = 900;
  signals.emit('SIGINT');
  t.equal(watch.stop.aborted, true);
  t.equal(watch.kill.aborted, false);
  now = 1100;
  signals.emit('SIGINT');
  t.equal(watch.kill.aborted, true);
  t.equal(watch.exitCode, 130);
});

t.test('claims of a stored run', async (t) => {
  const cwd = t.testdir();
  const claim = {
    id: 'c',
    article: 'unknown-article',
    section: '',
    says: 'it drops',
    verdict: 'refuted',
    expected: 'refuted',
    that: 'x',
    values: {},
    text: '1 == 2',
    measured: '1 == 2',
    because: 'never held',
    explainedBy: [] as string[],
    instead: 'it waits',
  } as const;
  await launched(cwd, speaking({ claims: [claim] }));
  const { code, stdout } = await tcplab(cwd, 'claims', '--from', 'last', '--out', join(cwd, 'results'));
  t.notMatch(stdout, 'Not testable', 'the list is about all that the articles say');
  t.equal(code, 0);
  t.match(stdout, /^kernel 6\.1\.0 \(host\)\n\nunknown-article: 1 claim: 1 refuted\n/);
  t.match(stdout, /refuted +it drops +1 == 2/);
  const json = JSON.parse(
    (await tcplab(cwd, 'claims', '--from', 'last', '--out', join(cwd, 'results'), '--json')).stdout,
  );
  t.match(json, { schema: 'tcplab.claims/1', claims: [{ id: 'c', verdict: 'refuted', scenario: 'mine.yaml' }, {}] });
});

t.test('schemas', async (t) => {
  for (const what of ['scenario', 'record']) {
    const { code, stdout } = await tcplab(t.testdir(), 'schema', what);
    t.equal(code, 0);
    t.match(JSON.parse(stdout), { type: 'object', properties: {} }, what);
  }
});

t.test('clean takes away what the dead left, and nothing else', async (t) => {
  const journal = (pid: number) => `{"type":"head","pid":${pid},"id":"x"}\n`;
  const files = (pid: number) => ({ 'journal.ndjson': journal(pid), 'a-0.pcapng': '', 'a-1.pcapng.part': '' });
  // Above the largest pid that Linux gives (PID_MAX_LIMIT, 2^22; proc_sys_kernel(5)).
  const cwd = t.testdir({
    results: { dead: files(2 ** 22 + 1), alive: files(process.pid), done: { 'run.json': '', 'b.tmp': '' } },
  });
  const { code, stdout } = await tcplab(cwd, 'clean');
  t.equal(code, 0);
  t.equal(stdout, `removed ${cwd}/results/dead/a-1.pcapng.part\n1 file removed\n`);
  t.strictSame(readdirSync(join(cwd, 'results/dead')), ['a-0.pcapng', 'journal.ndjson']);
  t.ok(existsSync(join(cwd, 'results/alive/a-1.pcapng.part')));
  t.equal((await tcplab(cwd, 'clean')).stdout, '0 files removed\n');
});

t.test('nobody to tell: a run without reporters', async (t) => {
  t.doesNotThrow(() => multiplex([], () => t.fail('nothing can fail')).event(hello));
});

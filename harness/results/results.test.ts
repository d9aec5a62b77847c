import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { EngineEvent } from '../engine/protocol.ts';
import { UsageError } from '../errors.ts';
import type { Plan } from '../scenario/model.ts';
import { canonical, digest } from './canonical.ts';
import { Collector } from './collect.ts';
import type { RunHead } from './collect.ts';
import { RunFolder, newRunId, resultsDirectory } from './folder.ts';
import { parseRun, readRun } from './read.ts';
import { run as runSchema } from './record.ts';
import type { Run, ScenarioRecord } from './record.ts';
import { worst } from './summary.ts';
import { unfinished } from './unfinished.ts';

const kernel = { id: 'host', release: '6.1.0', version: 'Linux version 6.1', upstream: '6.1.170' };

const planOf = (id: string): Plan => ({
  id,
  title: id,
  digest: 'd',
  tags: [],
  params: { backlog: 1 },
  repeat: 0,
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

const head: RunHead = {
  id: '20260101-000000-abcd',
  version: '0.1.0',
  request: { plans: [planOf('queues/a'), planOf('b')], launcher: 'local', seed: 1 },
};

const passed = (plan: Plan): ScenarioRecord => ({
  ...unfinished(plan, { launcher: 'local', kernel, seed: 1, root: true }, { code: '', text: '' }),
  verdict: 'passed',
  expectations: [{ that: 'x == 1', verdict: 'held', values: { x: 1 }, text: '1 == 1', position: 'a.yaml:3:9' }],
  seconds: { lab: 0.5, wall: 0.7 },
});

const hello: EngineEvent = { type: 'hello', protocol: 1, kernel, hz: 250, root: true, missing: [] };
const started = (record: number): EngineEvent => ({ type: 'started', record });
const recorded = (record: number): EngineEvent => ({
  type: 'record',
  record,
  value: passed(head.request.plans[record]!),
});
const bye: EngineEvent = { type: 'bye', records: 2, interrupted: false, peakMiB: 50 };

function collected(events: readonly EngineEvent[], interrupted = false): Run {
  const collector = new Collector(head);
  for (const event of events) collector.on(event);
  return collector.run(interrupted);
}

t.test('canonical JSON: the examples of RFC 8785', async (t) => {
  // Sections 3.2.2 and 3.2.3.
  const numbers = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '€$\u000F\nA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  t.equal(
    canonical(numbers),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const sorted = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
  t.equal(canonical(sorted), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\u{1f600}":5,"\ufb33":3}');
  t.equal(canonical({ b: undefined, a: [undefined] }), '{"a":[null]}');
  t.equal(canonical(-0), '0');
  t.throws(() => canonical({ a: NaN }), TypeError);
});

t.test('the digest is of what was measured', async (t) => {
  const base = collected([hello, recorded(0), recorded(1), bye]);
  const changed = (change: (run: Run) => void): string => {
    const copy = structuredClone(base);
    change(copy);
    return digest(copy);
  };
  t.match(base.digest, /^[0-9a-f]{64}$/);
  t.equal(digest(base), base.digest, 'the digest does not count itself');
  const same: ((run: Run) => void)[] = [
    (run) => (run.id = 'other'),
    (run) => (run.records[0]!.seconds.wall = 9),
    (run) => (run.records[0]!.expectations[0]!.position = '/elsewhere/a.yaml:3:9'),
    (run) => (run.records[0]!.scenario.id = '/elsewhere/a'),
  ];
  for (const change of same) t.equal(changed(change), base.digest, String(change));
  const other: ((run: Run) => void)[] = [
    (run) => (run.records[0]!.seconds.lab = 9),
    (run) => (run.records[0]!.verdict = 'failed'),
    (run) => (run.records[0]!.expectations[0]!.text = '2 == 1'),
    (run) => (run.records[0]!.pcapng = { file: 'x', sha256: 'f' }),
    (run) => run.findings.push({ kind: 'noise', where: 'x', expected: null, measured: 1 }),
  ];
  for (const change of other) t.not(changed(change), base.digest, String(change));
});

t.test('the worst verdict: error > failed > passed > skipped', async (t) => {
  t.equal(worst(['passed', 'skipped', 'failed', 'error']), 'error');
  t.equal(worst(['passed', 'skipped', 'failed']), 'failed');
  t.equal(worst(['skipped', 'passed']), 'passed');
  t.equal(worst(['skipped', 'skipped']), 'skipped');
});

t.test('a whole run', async (t) => {
  const run = collected([hello, started(0), started(1), recorded(1), recorded(0), bye]);
  t.equal(run.verdict, 'passed');
  t.equal(run.partial, false);
  t.strictSame(
    run.records.map(({ scenario }) => scenario.id),
    ['queues/a', 'b'],
    'in the order of the request',
  );
  t.ok(runSchema.safeParse(run).success);
});

t.test('a run that ended early says how, for each scenario that is not over', async (t) => {
  const died = collected([hello, started(0), recorded(0), started(1), { type: 'fault', message: 'killed by SIGKILL' }]);
  t.equal(died.verdict, 'error');
  t.equal(died.partial, true);
  t.equal(died.records[0]!.verdict, 'passed', 'what was over stays');
  t.match(died.records[1], {
    verdict: 'error',
    reason: { code: 'engine-died', text: 'the engine ended early: killed by SIGKILL; this scenario was running' },
    on: { kernel },
  });
  t.match(died.findings, [{ kind: 'fault', where: 'engine', measured: 'killed by SIGKILL' }]);
  t.ok(runSchema.safeParse(died).success);

  const stopped = collected(
    [hello, started(0), recorded(0), { type: 'bye', records: 1, interrupted: true, peakMiB: 50 }],
    true,
  );
  t.match(stopped.records[1]!.reason, { code: 'interrupted', text: /had not started/ });
  t.equal(stopped.partial, true);

  t.match(collected([]), { verdict: 'error', partial: true, records: [{ on: { kernel: { id: 'unknown' } } }, {}] });
  t.match(collected([hello, recorded(0), recorded(1)]), { verdict: 'error', partial: true }, 'no bye is an error');
  t.match(
    collected([hello, recorded(0), bye]),
    { verdict: 'error', partial: true },
    'a bye over a missing record as well',
  );
  t.match(collected([hello, recorded(0), recorded(1), { type: 'fault', message: 'leak' }, bye]), {
    verdict: 'error',
    partial: false,
  });
});

t.test('the folder of a run', async (t) => {
  const directory = t.testdir();
  const folder = new RunFolder(directory, head);
  const collector = new Collector(head);
  const bytes = [Buffer.from([0x0a, 0x0d, 0x0d, 0x0a]), Buffer.alloc(70_000, 7)];
  const events: EngineEvent[] = [
    hello,
    ...bytes.map((data): EngineEvent => ({ type: 'pcapng', record: 0, data: data.toString('base64') })),
    recorded(0),
  ];
  for (const event of events) {
    if (event.type === 'record')
      t.ok(existsSync(join(folder.path, 'queues-a-0.pcapng.part')), 'a capture has its name only when it is whole');
    collector.on(folder.on(event));
  }

  const early = readRun('last', directory).run;
  t.equal(early.records[0]!.pcapng?.file, 'queues-a-0.pcapng');
  t.equal(early.partial, true, 'after a kill -9 the journal tells what there was');
  t.strictSame(
    early.records.map(({ verdict }) => verdict),
    ['passed', 'error'],
  );

  for (const event of [recorded(1), bye]) {
    collector.on(folder.on(event));
  }
  const run = collector.run(false);
  folder.finish(run);
  t.strictSame(readdirSync(folder.path).toSorted(), ['queues-a-0.pcapng', 'run.json']);
  const whole = Buffer.concat(bytes);
  t.ok(readFileSync(join(folder.path, 'queues-a-0.pcapng')).equals(whole));
  t.strictSame(run.records[0]!.pcapng, {
    file: 'queues-a-0.pcapng',
    sha256: createHash('sha256').update(whole).digest('hex'),
  });
  t.equal(run.records[1]!.pcapng, null);
  for (const which of ['last', folder.path, head.id, join(folder.path, 'run.json')]) {
    const stored = readRun(which, directory);
    t.strictSame(stored.run, run, which);
    t.equal(stored.folder, folder.path);
  }
});

t.test('a stored run that cannot be trusted is refused, with the reason', async (t) => {
  const good = collected([hello, recorded(0), recorded(1), bye]);
  const text = JSON.stringify(good);
  t.strictSame(parseRun(text, 'run.json'), good);
  t.throws(() => parseRun(text.slice(0, -20), 'run.json'), {
    message: /run\.json: is no whole JSON document/,
    exitCode: 2,
  });
  t.throws(() => parseRun(text.replace('tcplab.run/1', 'tcplab.run/2'), 'run.json'), {
    message: /has the schema "tcplab.run\/2"; this tcplab reads tcplab.run\/1/,
  });
  t.throws(() => parseRun('[]', 'run.json'), { message: /has no schema/ });
  t.throws(() => parseRun(text.replace('"verdict":"passed"', '"verdict":"fine"'), 'run.json'), {
    message: /is not a run: verdict/,
  });
  t.throws(() => parseRun(text.replace('"text":"1 == 1"', '"text":"2 == 1"'), 'run.json'), {
    message: /was edited after it was written/,
  });
  const empty = t.testdir({ some: {}, 'run.json': text.slice(0, 100) });
  t.throws(() => readRun('last', empty), { message: /there is no run in/, hint: 'make one: tcplab run' });
  t.throws(() => readRun('nowhere', empty), { message: 'there is no run nowhere', exitCode: 2 });
  t.throws(() => readRun(join(empty, 'some'), empty), { message: /holds no run\.json/ });
  t.throws(() => readRun(join(empty, 'run.json'), empty), { message: /truncated/ });
});

t.test('where results go', async (t) => {
  t.equal(resultsDirectory('/x', { TCPLAB_RESULTS: '/y' }, '/z'), '/x');
  t.equal(resultsDirectory(undefined, { TCPLAB_RESULTS: '/y' }, '/z'), '/y');
  t.equal(resultsDirectory(undefined, {}, '/z'), '/z/results');
  t.match(newRunId(new Date('2026-03-04T05:06:07.890Z')), /^20260304-050607-[0-9a-f]{4}$/);
  const file = join(t.testdir(), 'file');
  writeFileSync(file, '');
  t.throws(() => new RunFolder(file, head), UsageError, 'a folder that cannot be made');
  t.throws(() => new RunFolder('/proc', head), { message: /cannot write results into \/proc/, hint: /--out/ });
});

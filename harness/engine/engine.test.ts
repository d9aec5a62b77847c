import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { FrameStore } from '../host/frame-store.ts';
import type { Plan, PlannedStep } from '../scenario/model.ts';
import { AddressPool } from './addresses.ts';
import { Admission } from './admission.ts';
import { DIST } from './fixtures/launch.ts';
import { framesFor } from './frames.ts';
import { framesInOrder } from './order.ts';
import { PROTOCOL } from './protocol.ts';
import { skipOf } from './requirements.ts';
import { Scope } from './scope.ts';
import { Semaphore } from './semaphore.ts';

const step = (kind: string, args: Record<string, unknown> = {}, repeat = 1): PlannedStep => ({
  kind,
  args,
  beside: false,
  alone: false,
  repeat,
  every: 0,
  position: { file: 'x.yaml', line: 1, column: 1 },
});

const planOf = (parts: Partial<Plan>): Plan => ({
  id: 'x',
  title: 'x',
  digest: '',
  tags: [],
  params: {},
  repeat: 1,
  hosts: { server: { sysctl: {} } },
  links: [],
  steps: [],
  expect: [],
  claims: [],
  names: { hosts: ['server'], observations: [], params: {}, outcomes: {} },
  changes: [],
  needs: [],
  alone: false,
  lasts: 0,
  ...parts,
});

t.test('scope: everything is released, last first, whatever fails', async (t) => {
  const scope = new Scope();
  const released: string[] = [];
  scope.defer(() => released.push('first'));
  scope.defer(async () => {
    await Promise.resolve();
    released.push('second');
    throw new Error('second');
  });
  scope.defer(() => {
    throw new Error('third');
  });
  scope.defer(() => scope.defer(() => released.push('made while closing')));
  const failures = await scope.close();
  t.same(released, ['made while closing', 'second', 'first']);
  t.same(failures, [new Error('third'), new Error('second')]);
  t.same(await scope.close(), [], 'closing twice releases nothing twice');
  t.equal(released.length, 3);
});

/** Runs jobs that all wait until they are let go, and tells the most that were inside at once. */
async function crowd(hold: (work: () => Promise<number>) => Promise<number>, jobs: number) {
  let [inside, most] = [0, 0];
  const order: number[] = [];
  const results = await Promise.all(
    Array.from({ length: jobs }, (_, i) =>
      hold(async () => {
        order.push(i);
        inside += 1;
        most = Math.max(most, inside);
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        return i;
      }),
    ),
  );
  return { most, order, results };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

t.test('semaphore: so many at once, in the order of asking', async (t) => {
  const semaphore = new Semaphore(3);
  const { most, order, results } = await crowd((work) => semaphore.hold(work), 20);
  t.equal(most, 3);
  t.same(order, numbers(20));
  t.same(results, numbers(20));
  for (let i = 0; i < 3; i += 1)
    await t.rejects(
      semaphore.hold(() => Promise.reject(new Error('no'))),
      { message: 'no' },
    );
  t.equal((await crowd((work) => semaphore.hold(work), 9)).most, 3, 'work that fails gives its place back');
});

t.test('admission: never more than jobs, and all get in', async (t) => {
  for (const { size, jobs } of [
    { size: 1, jobs: 5 },
    { size: 4, jobs: 12 },
    { size: 64, jobs: 30 },
  ]) {
    const admission = new Admission(size);
    const { most, results } = await crowd((work) => admission.hold(work), jobs);
    t.ok(most <= size, `${most} of ${size}`);
    if (size <= 4) t.equal(most, size, 'and as many as allowed');
    t.same(results, numbers(jobs));
  }
  const admission = new Admission(1);
  await t.rejects(
    admission.hold(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.equal(await admission.hold(() => Promise.resolve(7)), 7, 'a lab that fails lets the next one in');
});

t.test('addresses: none twice, from networks that nobody has, the lowest first', async (t) => {
  const pool = new AddressPool();
  const first = pool.take(2);
  t.same(first, ['192.0.2.1', '192.0.2.2']);
  t.same(pool.take(1), ['192.0.2.3']);
  pool.give(first);
  t.same(pool.take(3), ['192.0.2.1', '192.0.2.2', '192.0.2.4']);
  const rest = pool.take(3 * 254 - 4);
  t.equal(new Set(rest).size, 758);
  t.ok(
    rest.every((address) =>
      /^(192\.0\.2|198\.51\.100|203\.0\.113)\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/.test(address),
    ),
  );
  t.throws(() => pool.take(1), { message: /no 1 addresses left for a lab.*--jobs/ });
  pool.give(['203.0.113.254']);
  t.throws(() => pool.take(2), { message: /no 2 addresses/ });
  t.same(pool.take(1), ['203.0.113.254'], 'a refusal takes none');
});

t.test('frames: the ring grows with connections, programs and bytes', async (t) => {
  const of = (...steps: PlannedStep[]) => framesFor(planOf({ steps }));
  const base = of();
  t.ok(base >= 2048);
  t.ok(of(step('connect', { count: 9000 })) >= base + 9000 * 10, 'a crowd of connections');
  t.equal(of(step('connect', { count: 10 }, 3)), of(step('connect', { count: 30 })), 'a repeat counts');
  t.equal(of(step('request', { count: 10 })), of(step('connect', { count: 10 })));
  t.ok(of(step('exec')) > base);
  t.ok(
    of(step('send', { bytes: 64 * 2 ** 20 })) >= base + (64 * 2 ** 20) / 1448,
    'as many segments as the largest send',
  );
  t.equal(of(step('flood', { syns: 1e6 })), base, 'a flood empties the ring itself');
});

t.test('order: the frames of all hosts by their stamps', async (t) => {
  const capture = (name: string, stamps: number[]) => ({
    name,
    length: stamps.length,
    stamp: (i: number) => stamps[i]!,
  });
  const frames = framesInOrder([capture('a', [1, 4, 4, 9]), capture('b', []), capture('c', [0, 4, 10])]);
  t.equal(frames.length, 7);
  const seen: string[] = [];
  frames.forEach(({ name }, number, index) => seen.push(`${index}:${name}${number}`));
  t.same(seen, ['0:c0', '1:a0', '2:a1', '3:a2', '4:c1', '5:a3', '6:c2']);
});

t.test('frame store: what goes in comes out, over chunks and growth', async (t) => {
  const store = new FrameStore();
  const frame = (i: number) => ({
    bytes: Buffer.alloc(40 + (i % 150), i % 251),
    wireLength: 40 + (i % 1500),
    nanoseconds: i * 1000 + 0.5,
    out: i % 3 === 0,
  });
  const count = 30_000;
  for (let i = 0; i < count; i += 1) store.add(frame(i));
  t.equal(store.length, count);
  let wrong = 0;
  for (let i = 0; i < count; i += 1) {
    const [is, was] = [store.get(i), frame(i)];
    if (
      !is.bytes.equals(was.bytes) ||
      is.wireLength !== was.wireLength ||
      is.out !== was.out ||
      store.stamp(i) !== was.nanoseconds
    )
      wrong += 1;
  }
  t.equal(wrong, 0);
  store.clear();
  t.equal(store.length, 0);
  store.add(frame(5));
  t.same({ ...store.get(0), bytes: store.get(0).bytes.length }, { ...frame(5), bytes: 45 });
});

t.test('requirements: the package of a missing program', async (t) => {
  const path = process.env['PATH'];
  t.teardown(() => (process.env['PATH'] = path));
  t.equal(skipOf(planOf({ needs: ['sh', process.execPath] })), undefined);
  t.same(skipOf(planOf({ needs: ['sh', '/no/such'] })), { code: 'program', text: 'needs /no/such' });
  process.env['PATH'] = t.testdir({ sh: 'not executable' });
  t.same(skipOf(planOf({ needs: ['sh'] })), { code: 'program', text: 'needs sh' }, 'a file that cannot be run is none');
  t.same(skipOf(planOf({ needs: ['nft'] })), { code: 'program', text: 'needs nft: install the package nftables' });
  delete process.env['PATH'];
  t.match(skipOf(planOf({ needs: ['redis-server'] })), {
    text: 'needs redis-server: install the package redis-server',
  });
});

/** Node with a module, outside of any sandbox and without what tap adds. */
async function run(argv: readonly string[], input: string) {
  const child = spawn('env', ['-i', process.execPath, ...argv], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { out, said, code };
}

t.test('emit: every line is out when it returns, however slow the reader', async (t) => {
  const script = `
    import { emit } from '${DIST}/engine/emit.js';
    process.stdout.once('drain', () => undefined);
    for (let record = 0; record < 400; record += 1) emit({ type: 'pcapng', record, data: 'x'.repeat(50000) });
    process.kill(process.pid, 'SIGKILL');`;
  const { out } = await run(['--input-type=module', '-e', script], '');
  const lines = out.split('\n');
  t.equal(lines.length, 401);
  t.ok(
    lines
      .slice(0, 400)
      .every((line, record) => line === JSON.stringify({ type: 'pcapng', record, data: 'x'.repeat(50000) })),
  );
});

t.test('the engine refuses what is no request of its protocol', async (t) => {
  const engine = `${DIST}/engine/main.js`;
  for (const { what, input, message } of [
    { what: 'another protocol', input: '{"protocol":99}\n', message: `the engine speaks protocol ${PROTOCOL}, not 99` },
    { what: 'no JSON', input: 'hello\n', message: /JSON/ },
    { what: 'nothing', input: '', message: 'no request came' },
  ]) {
    const { out, code } = await run([engine], input);
    t.equal(code, 4, what);
    t.match(JSON.parse(out), { type: 'fault', message });
  }
});

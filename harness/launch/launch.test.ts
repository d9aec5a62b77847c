import t from 'tap';
import { type EngineEvent, PROTOCOL } from '../engine/protocol.ts';
import { engineEnvironment } from './environment.ts';
import { eventStream } from './event-stream.ts';
import { LastLines } from './last-lines.ts';
import { installLine, missingPackages } from './programs.ts';
import { LAUNCHERS } from './registry.ts';
import { demandSandbox, type Machine } from './rights.ts';
import { sandboxCommand } from './sandbox.ts';

const hello = JSON.stringify({
  type: 'hello',
  protocol: PROTOCOL,
  kernel: { id: 'host', release: '6.1', version: '#1' },
  hz: 250,
  root: true,
  missing: [],
});
const bye = '{"type":"bye","records":0,"interrupted":false}';

async function read(chunks: readonly (string | Uint8Array)[], maxLine?: number): Promise<EngineEvent[]> {
  async function* stream() {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  }
  const all: EngineEvent[] = [];
  for await (const event of eventStream(stream(), maxLine)) all.push(event);
  return all;
}

t.test('events come out however the bytes are cut', async (t) => {
  const finding = '{"type":"fault","message":"naïve – ✓"}';
  const bytes = Buffer.from([hello, finding, bye, ''].join('\n'));
  const whole = await read([bytes]);
  t.same(
    whole.map(({ type }) => type),
    ['hello', 'fault', 'bye'],
  );
  t.same(whole[1], JSON.parse(finding));
  for (const size of [1, 2, 7, 64]) {
    const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    t.same(await read(cut), whole, `pieces of ${size}`);
  }
});

t.test('anything else is a fault that shows the line', async (t) => {
  const cases: [string, string[], RegExp][] = [
    ['not JSON', [hello, 'Segmentation fault'], /not JSON: "Segmentation fault"/],
    ['empty line', [hello, ''], /not JSON: ""/],
    ['unknown type', [hello, '{"type":"toString"}'], /unknown event: "\{\\"type\\":\\"toString\\"\}"/],
    ['no object', [hello, 'null'], /unknown event: "null"/],
    ['another protocol', [hello.replace('"protocol":1', '"protocol":2')], /speaks protocol 2, this launcher speaks 1/],
    ['no hello', ['{"type":"started","record":0}'], /first event is not a hello/],
    ['more after bye', [hello, bye, bye], /wrote after its bye/],
  ];
  for (const [name, lines, message] of cases) {
    await t.rejects(read([`${lines.join('\n')}\n`]), { name: 'FaultError', message }, name);
  }
  await t.rejects(read([hello]), { message: /last line is cut off/ });
});

t.test('a fault may come before hello', async (t) => {
  t.same(await read(['{"type":"fault","message":"no rights"}\n']), [{ type: 'fault', message: 'no rights' }]);
});

t.test('a giant line is refused when it is too long, not when it ends', async (t) => {
  let taken = 0;
  async function* endless() {
    for (;;) {
      taken += 1;
      yield await Promise.resolve(Buffer.alloc(1000, 'x'));
    }
  }
  await t.rejects(eventStream(endless(), 10_000).next(), { message: /more than 10000 bytes: "xxx/ });
  t.equal(taken, 11);
});

t.test('last lines', async (t) => {
  const last = new LastLines(2);
  t.equal(last.text, '');
  last.push('one\ntw');
  t.equal(last.text, 'one\ntw');
  last.push('o\nthree\nfo');
  t.equal(last.text, 'three\nfo');
  last.push('x'.repeat(1e6));
  t.ok(last.text.length < 5000, 'an endless line does not grow');
});

t.test('the environment of the engine is ours', async (t) => {
  const env = engineEnvironment({
    PATH: '/opt/bin::/bin',
    HOME: '/home/a',
    NODE_OPTIONS: '--x',
    LD_PRELOAD: 'x',
    TZ: 'Asia/Tokyo',
  });
  t.equal(env['PATH'], '/opt/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin');
  t.same(Object.keys(env).sort(), ['HOME', 'LANG', 'PATH', 'TZ', 'UV_THREADPOOL_SIZE']);
  t.equal(env['TZ'], 'UTC');
});

t.test('only an ordinary user gets a user namespace', async (t) => {
  const [file, args] = sandboxCommand(['node', 'x'], { userNamespace: false });
  t.equal(file, 'setpriv');
  t.notOk(args.includes('--user'));
  t.same(args.slice(-3), ['--', 'node', 'x']);
  t.ok(sandboxCommand(['true'], { userNamespace: true })[1].includes('--user'));
});

function machine(over: Partial<Machine> & { settings?: Record<string, string> }): Machine {
  return {
    root: false,
    trySandbox: () => Promise.resolve('unshare: unshare failed: Operation not permitted'),
    setting: (name) => Promise.resolve(over.settings?.[name]),
    ...over,
  };
}

t.test('no sandbox: the setting that forbids it is named', async (t) => {
  for (const [name, value] of [
    ['kernel.unprivileged_userns_clone', '0'],
    ['user.max_user_namespaces', '0'],
    ['kernel.apparmor_restrict_unprivileged_userns', '1'],
  ] as const) {
    await t.rejects(demandSandbox(machine({ settings: { [name]: value } })), {
      name: 'UnableError',
      exitCode: 3,
      message: new RegExp(`^${name}=${value} forbids user namespaces.*Operation not permitted`),
      hint: new RegExp(`sysctl -w ${name}=\\d+$`),
    });
  }
  await t.rejects(demandSandbox(machine({ settings: { 'user.max_user_namespaces': '96365' } })), {
    message: /^no user namespace can be started: unshare/,
    hint: /^run tcplab as root \(in a chroot /,
  });
  const inChroot = 'unshare: cannot change root filesystem propagation: Invalid argument';
  await t.rejects(demandSandbox({ ...machine({ root: true }), trySandbox: () => Promise.resolve(inChroot) }), {
    message: /in a chroot whose \/ is no mount point/,
    hint: /mount --bind/,
  });
  await t.rejects(demandSandbox(machine({ root: true, settings: { 'user.max_user_namespaces': '0' } })), {
    message: /though we are root/,
    hint: /--privileged/,
  });
});

t.test('a sandbox that starts asks no setting', async (t) => {
  const works = machine({
    trySandbox: () => Promise.resolve(undefined),
    setting: () => Promise.reject(new Error('asked')),
  });
  await t.resolves(demandSandbox(works));
});

t.test('missing packages', async (t) => {
  t.same(
    missingPackages((program) => (['nginx', 'perl', 'nft'].includes(program) ? undefined : '/bin/x')),
    ['nftables', 'nginx-light', 'perl-base'],
  );
  t.same(
    missingPackages(() => '/bin/x'),
    [],
  );
  t.equal(installLine(['curl', 'tshark'], false), 'sudo apt-get install --no-install-recommends curl tshark');
  t.equal(installLine(['curl'], true), 'apt-get install --no-install-recommends curl');
});

t.test('launchers are found by their own names', async (t) => {
  for (const [name, launcher] of Object.entries(LAUNCHERS)) t.equal(launcher.name, name);
  t.ok('local' in LAUNCHERS);
});

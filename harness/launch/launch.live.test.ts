import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type EngineEvent, PROTOCOL, type Request } from '../engine/protocol.ts';
import { doctorChecks } from './doctor-checks.ts';
import { localLauncher } from './local.ts';
import { NFT, probe, VETH } from './probes.ts';
import { sandboxCommand } from './sandbox.ts';

const request: Request = {
  protocol: PROTOCOL,
  plans: [],
  probes: {},
  changes: [],
  launcher: 'local',
  seed: 1,
  jobs: 1,
  full: false,
  timeout: 10,
  noSkip: false,
};

const kernel = { id: 'host', release: '6.1', version: '#1' };
const hello = { type: 'hello', protocol: PROTOCOL, kernel, hz: 250, root: true, missing: [] };
const bye = { type: 'bye', records: 0, interrupted: false };
const prelude = `
  import { createInterface } from 'node:readline';
  const say = (event) => process.stdout.write(JSON.stringify(event) + '\\n');
  const request = createInterface({ input: process.stdin });
  const first = JSON.parse((await request[Symbol.asyncIterator]().next()).value);
  const hello = ${JSON.stringify(hello)};
  const bye = ${JSON.stringify(bye)};
`;

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

const dir = t.testdir({
  // What the command does, in small: SIGINT stops, a second one kills.
  'launcher.mjs': `
    import { localLauncher } from '${dist}/launch/local.js';
    const stop = new AbortController(), kill = new AbortController();
    process.on('SIGINT', () => (stop.signal.aborted ? kill : stop).abort());
    const say = (event) => console.log(JSON.stringify(event));
    await localLauncher(process.argv[2])
      .run(${JSON.stringify(request)}, say, { signal: stop.signal, kill: kill.signal, wallTimeout: 20 })
      .catch((error) => say({ error: error.message }));`,
  // A lab in small: a second namespace with a link to it, a mount, a child that ignores TERM in a session of its own.
  'lab.mjs': `${prelude}
    import { execFileSync, spawn } from 'node:child_process';
    process.on('SIGINT', () => say({ type: 'fault', message: 'SIGINT' })).on('SIGTERM', () => undefined);
    spawn('setsid', ['sh', '-c', 'trap "" TERM INT HUP; while :; do sleep 100; done'], { stdio: 'ignore' });
    const host = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep 100']);
    await new Promise((resolve) => host.stdout.once('data', resolve));
    execFileSync('ip', ['link', 'add', 'tcplab-a', 'type', 'veth', 'peer', 'name', 'tcplab-b', 'netns', String(host.pid)]);
    execFileSync('mount', ['-t', 'tmpfs', 'tcplab-test', '/tmp']);
    process.stdin.on('end', () => { say({ ...bye, interrupted: true }); process.exit(0); });
    say(hello);`,
  'good.mjs': `${prelude} say(hello); say({ type: 'started', record: first.seed }); say(bye); process.exit(0);`,
  'waits.mjs': `${prelude} say(hello); process.stdin.on('end', () => { say({ ...bye, interrupted: true }); process.exit(0); });`,
  'forever.mjs': `${prelude} say(hello); setInterval(() => {}, 1000); process.on('SIGTERM', () => {});`,
  'dies.mjs': `${prelude} say(hello); process.stderr.write('first\\nthe reason\\n', () => process.exit(7));`,
  'shot.mjs': `${prelude} say(hello); process.kill(process.pid, 'SIGKILL'); process.abort();`,
  'garbage.mjs': `${prelude} say(hello); process.stdout.write('Segmentation fault\\n'); setInterval(() => {}, 1000);`,
  'other.mjs': `${prelude} say({ ...hello, protocol: 99 }); setInterval(() => {}, 1000);`,
  'stays.mjs': `${prelude} say(hello); say(bye); process.exit(3);`,
  'looks.mjs': `${prelude} say(hello);
    import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
    const tried = (path) => { try { writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; } };
    say({ type: 'fault', message: JSON.stringify({
      pid: process.pid, env: process.env, cwd: process.cwd(), links: readFileSync('/proc/net/dev', 'utf8').split('\\n').length - 3,
      etc: tried('/etc/tcplab-was-here'), run: tried('/run/tcplab-was-here'), tmp: readdirSync('/tmp'),
    }) });
    say(bye); process.exit(0);`,
});

function idle() {
  return { signal: new AbortController().signal, kill: new AbortController().signal, wallTimeout: 20 };
}

async function events(engine: string, options = idle(), seen: (event: EngineEvent) => void = () => undefined) {
  const all: EngineEvent[] = [];
  await localLauncher(`${dir}/${engine}`).run(
    request,
    (event) => {
      all.push(event);
      seen(event);
    },
    options,
  );
  return all;
}

t.test('the request goes in, the events come out in order', async (t) => {
  t.same(await events('good.mjs'), [hello, { type: 'started', record: 1 }, bye]);
});

t.test('the end of the request is the orderly stop', async (t) => {
  const stop = new AbortController();
  const seen = await events('waits.mjs', { ...idle(), signal: stop.signal }, () => stop.abort());
  t.match(seen.at(-1), { type: 'bye', interrupted: true });
});

t.test('kill ends an engine that does not stop', async (t) => {
  const kill = new AbortController();
  const run = events('forever.mjs', { ...idle(), kill: kill.signal }, () => kill.abort());
  await t.rejects(run, { name: 'TcplabError', code: 'INTERRUPTED', exitCode: 130 });
});

t.test('wall time ends an engine that does not stop', async (t) => {
  const run = events('forever.mjs', { ...idle(), wallTimeout: 0.5 });
  await t.rejects(run, { name: 'FaultError', message: /no end after 0.5 s of wall time/ });
});

t.test('an engine that ends without bye is a fault that says how', async (t) => {
  await t.rejects(events('dies.mjs'), {
    name: 'FaultError',
    message: /without a bye: exit code 7.*\nfirst\nthe reason/s,
  });
  await t.rejects(events('shot.mjs'), { name: 'FaultError', message: /without a bye: / });
  await t.rejects(events('missing.mjs'), { name: 'FaultError', message: /exit code 1.*Cannot find module/s });
  await t.rejects(events('stays.mjs'), { name: 'FaultError', message: /ended badly: exit code 3/ });
});

t.test('an engine that speaks otherwise is a fault that shows the line', async (t) => {
  await t.rejects(events('garbage.mjs'), { name: 'FaultError', message: /not JSON: "Segmentation fault"/ });
  await t.rejects(events('other.mjs'), { name: 'FaultError', message: /protocol 99/ });
});

interface Process {
  pid: number;
  parent: number;
  /** Clock ticks since boot: a pid that comes again has another. */
  born: string;
}

/** Every process that is not a zombie: one that nobody reaps is dead all the same. */
function alive(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = read(`/proc/${name}/stat`);
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat === '' || state === 'Z' || state === 'X') return [];
    return [{ pid: Number(name), parent: Number(parent), born: rest[17] ?? '' }];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function below(root: number, all: readonly Process[]): Process[] {
  const found = all.filter(({ pid }) => pid === root);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

function namespaces(processes: readonly Process[]): string[] {
  const links = processes.flatMap(({ pid }) =>
    ['net', 'pid', 'mnt', 'user'].map((kind) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/${kind}`);
      } catch {
        return '';
      }
    }),
  );
  return [...new Set(links)].filter((link) => link !== '');
}

/** What a lab could leave on the machine itself. */
function machine() {
  return {
    links: readdirSync('/sys/class/net').sort(),
    mounts: read('/proc/self/mountinfo'),
    named: read('/run/netns') === '' ? readdirSync('/run') : [],
  };
}

/** Asks again until nothing is left, at most 5 s. */
async function gone(left: () => string[]): Promise<string[]> {
  const deadline = performance.now() + 5000;
  while (left().length > 0 && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  return left();
}

const root = process.geteuid?.() === 0;
const people = root
  ? [
      { who: 'root', as: [] },
      { who: 'an ordinary user', as: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'] },
    ]
  : [{ who: 'an ordinary user', as: [] }];

/** Starts `engine` by a launcher of its own, without what tap puts into the environment of children. */
function startLauncher(as: readonly string[], engine: string) {
  const env = ['env', '-i', `PATH=${process.env['PATH'] ?? ''}`, 'NODE_OPTIONS=--no-deprecation', 'FOO=bar'];
  const argv = [...env, ...as, process.execPath, `${dir}/launcher.mjs`, `${dir}/${engine}`];
  const launcher = spawn('env', argv.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  return { launcher, lines: createInterface({ input: launcher.stdout })[Symbol.asyncIterator]() };
}

async function startLab(as: readonly string[]) {
  const { launcher, lines } = startLauncher(as, 'lab.mjs');
  const first = await lines.next();
  if (!String(first.value).includes('"hello"')) throw new Error(`the lab did not start: ${String(first.value)}`);
  const family = below(launcher.pid ?? 0, alive());
  return { launcher, lines, family, spaces: namespaces(family) };
}

for (const { who, as } of people) {
  const victims = { 'the launcher': 0, unshare: 1, 'the engine': 2 };
  for (const [victim, index] of Object.entries(victims)) {
    t.test(`SIGKILL of ${victim} as ${who} leaves nothing`, async (t) => {
      const before = machine();
      const own = namespaces([{ pid: process.pid, parent: 0, born: '' }]);
      const { launcher, lines, family, spaces } = await startLab(as);
      t.ok(family.length >= 6, 'launcher, unshare, engine, two children and a grandchild run');
      const made = spaces.filter((space) => !own.includes(space));
      t.ok(made.length >= 4, 'two network namespaces, a pid and a mount namespace exist');

      const killed = performance.now();
      const closed = once(launcher, 'close');
      process.kill(family[index]?.pid ?? 0, 'SIGKILL');
      if (index > 0) {
        const said = await lines.next();
        t.match(String(said.value), /the engine ended without a bye: killed by/);
      }
      await closed;
      const member = ({ pid, born }: Process) => family.some((one) => one.pid === pid && one.born === born);
      t.same(
        await gone(() =>
          alive()
            .filter(member)
            .map(({ pid }) => String(pid)),
        ),
        [],
        'no process stays',
      );
      t.comment(`all gone ${(performance.now() - killed).toFixed(0)} ms after the signal`);
      t.same(
        namespaces(alive()).filter((space) => made.includes(space)),
        [],
        'no namespace stays',
      );
      t.same(machine(), before, 'no link, mount or named namespace stays');
    });
  }

  t.test(`Ctrl-C at a terminal as ${who} is one orderly stop`, async (t) => {
    const { launcher, lines } = await startLab(as);
    const closed = once(launcher, 'close');
    process.kill(-(launcher.pid ?? 0), 'SIGINT');
    const rest: unknown[] = [];
    for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(JSON.parse(line));
    t.same(rest, [{ ...bye, interrupted: true }], 'the engine itself got no SIGINT');
    t.same(await closed, [0, null]);
  });
}

t.test('the sandbox shows the engine little and lets it change nothing', async (t) => {
  const { lines } = startLauncher([], 'looks.mjs');
  await lines.next();
  const seen: { message: string } = JSON.parse(String((await lines.next()).value));
  const { env, ...told } = JSON.parse(seen.message);
  t.match(told, { pid: 1, cwd: '/', links: 1, etc: 'EROFS', run: 'written', tmp: [] });
  t.same(Object.keys(env).sort(), ['HOME', 'LANG', 'PATH', 'PWD', 'TZ', 'UV_THREADPOOL_SIZE']);
  t.notOk(readdirSync('/run').includes('tcplab-was-here'));
});

t.test('a package below a scratch folder stays visible, and only it', async (t) => {
  const folder = mkdtempSync("/tmp/tcplab it's ");
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/here`, 'found');
  for (const { who, as } of people) {
    const look = ['sh', '-c', 'cat "$1/here"; ls -A /tmp | wc -l', 'sh', folder];
    const [file, args] = sandboxCommand(look, { userNamespace: as.length > 0 || !root, keep: [folder] });
    const [command = '', ...rest] = [...as, file, ...args];
    chmodSync(folder, 0o755);
    t.equal(execFileSync(command, rest, { encoding: 'utf8' }), 'found1\n', who);
  }
});

t.test('where user namespaces are forbidden, the run says which setting forbids them', async (t) => {
  // user.max_user_namespaces counts for each user namespace by itself: forbidden in one of our own only.
  const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --inh-caps=-all --ambient-caps=-all -- "$@"';
  const nested = ['unshare', '--user', '--map-user=1000', '--keep-caps', '--', 'sh', '-ec', forbid, 'sh'];
  const { lines } = startLauncher(nested, 'good.mjs');
  t.match(String((await lines.next()).value), /user.max_user_namespaces=0 forbids user namespaces/);
});

t.test('doctor tries everything for real', async (t) => {
  for (const check of doctorChecks.filter(({ needed }) => needed)) {
    t.match(await check.run(), { ok: true, detail: /./ }, check.name);
  }
  const broken = await probe(VETH.map((word) => word.replace('"veth"', '"nope"')));
  t.match(broken, { ok: false, said: 'veth: Operation not supported' }, 'the veth probe can fail');
  t.match(await probe(NFT, 'table inet t { nonsense }'), { ok: false, said: /syntax error/ }, 'the nft probe can fail');
});

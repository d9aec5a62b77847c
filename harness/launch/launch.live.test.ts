import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type EngineEvent, PROTOCOL, type Request } from '../engine/protocol.ts';
import { doctorChecks } from './doctor-checks.ts';
import { alive, below, gone, machine, namespaces, type Process, read, startNode } from './fixtures/processes.ts';
import { localLauncher } from './local.ts';
import { NFT, probe, VETH } from './probes.ts';
import { findProgram } from './programs.ts';

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
import { text } from 'node:stream/consumers';
  const say = (event) => process.stdout.write(JSON.stringify(event) + '\\n');
  const request = createInterface({ input: process.stdin });
  const first = JSON.parse((await request[Symbol.asyncIterator]().next()).value);
  const hello = ${JSON.stringify(hello)};
  const bye = ${JSON.stringify(bye)};
`;

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

const dir = t.testdir({
  'hold.yaml': `
    title: A lab that stays
    about: Two hosts, a listener, a program and thirty seconds of silence.
    hosts: { server: {}, client: {} }
    steps:
      - listen: { on: server, port: 8888, backlog: 1, accept: none, as: web }
      - exec: { on: client, run: [sleep, '100'], as: sleeper, beside: true }
      - wait: { for: 30s, because: the test ends it }
    expect:
      - that: server.TcpExtListenDrops == 0`,
  out: {},
  // What the command does, in small: SIGINT stops, a second one kills.
  'launcher.mjs': `
    import { localLauncher } from '${dist}/launch/local.js';
    const stop = new AbortController(), kill = new AbortController();
    process.on('SIGINT', () => (stop.signal.aborted ? kill : stop).abort());
    const say = (event) => console.log(JSON.stringify(event));
    await localLauncher(process.argv[2])
      .run(${JSON.stringify(request)}, say, { signal: stop.signal, kill: kill.signal, wallTimeout: 20 })
      .catch((error) => { console.error(error.message); process.exitCode = error.exitCode; });`,
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
    import { readFileSync } from 'node:fs';
    const links = readFileSync('/proc/net/dev', 'utf8').split('\\n').length - 3;
    say({ type: 'fault', message: JSON.stringify({ pid: process.pid, env: process.env, cwd: process.cwd(), links }) });
    say(bye); process.exit(0);`,
});

chmodSync(`${dir}/out`, 0o777);

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

const root = process.geteuid?.() === 0;
const people = root
  ? [
      { who: 'root', as: [] },
      { who: 'an ordinary user', as: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'] },
    ]
  : [{ who: 'an ordinary user', as: [] }];

/** Why these people cannot start it here; false when they can. */
function obstacle({ who, as }: (typeof people)[number], ...programs: string[]): string | false {
  const absent = programs.filter((program) => findProgram(program) === undefined);
  if (absent.length > 0) return `not installed: ${absent.join(', ')}`;
  const [command, ...rest] = [...as, 'test', '-r', `${dir}/launcher.mjs`];
  return spawnSync(command, rest).status === 0 ? false : `${who} cannot read the checkout`;
}

const startLauncher = (as: readonly string[], engine: string) =>
  startNode(as, `${dir}/launcher.mjs`, `${dir}/${engine}`);

async function startLab(as: readonly string[]) {
  const started = startLauncher(as, 'lab.mjs');
  const first = await started.lines.next();
  if (!String(first.value).includes('"hello"')) throw new Error(`no lab: ${String(first.value)} ${await started.said}`);
  return { ...started, family: below(started.launcher.pid ?? 0, alive()) };
}

/** The command with the real engine: two hosts, a listener, and a program in one of them. */
async function startRun(as: readonly string[]) {
  const started = startNode(as, `${dist}/cli/main.js`, 'run', `${dir}/hold.yaml`, '--out', `${dir}/out`);
  const family = () => below(started.launcher.pid ?? 0, alive());
  const deadline = performance.now() + 20_000;
  while (!family().some(({ pid }) => read(`/proc/${pid}/comm`) === 'sleep\n')) {
    if (started.launcher.exitCode !== null || performance.now() > deadline)
      throw new Error(`no lab: ${await started.said}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...started, family: family() };
}

for (const person of people) {
  const { who, as } = person;
  for (const { what, start, atLeast, skip } of [
    { what: 'a stand-in', start: startLab, atLeast: 6, skip: obstacle(person, 'ip') },
    { what: 'the real engine', start: startRun, atLeast: 4, skip: obstacle(person) },
  ]) {
    for (const [index, victim] of ['the launcher', 'unshare', 'the engine'].entries()) {
      t.test(`SIGKILL of ${victim} as ${who} with ${what} leaves nothing`, { skip }, async (t) => {
        const before = machine();
        const self = { pid: process.pid, parent: 0, born: '' };
        const own = namespaces([self]);
        const { launcher, lines, family, said } = await start(as);
        t.ok(family.length >= atLeast, 'launcher, unshare, engine and programs run');
        const made = [...namespaces(family)].filter(([space]) => !own.has(space));
        const names = made.map(([space]) => space);
        const nets = names.filter((space) => space.startsWith('net:'));
        t.ok(nets.length >= 2 && names.length - nets.length >= 2, 'network, pid and mount namespaces exist');
        // While we hold them their numbers cannot go to the labs of somebody else.
        const ours = made.map(([, place]) => openSync(place, 'r'));

        const killed = performance.now();
        const closed = once(launcher, 'close');
        process.kill(family[index]?.pid ?? 0, 'SIGKILL');
        const [code] = await closed;
        if (index > 0) {
          t.equal(code, 4);
          const words: string[] = [await said];
          for await (const line of { [Symbol.asyncIterator]: () => lines }) words.push(line);
          t.match(words.join(' ').replaceAll(/\s+/g, ' '), /the engine ended without a bye: killed by/);
        }
        const member = ({ pid, born }: Process) => family.some((one) => one.pid === pid && one.born === born);
        const left = () =>
          alive()
            .filter(member)
            .map(({ pid }) => String(pid));
        t.same(await gone(left), [], 'no process stays');
        t.comment(`all gone ${(performance.now() - killed).toFixed(0)} ms after the signal`);
        const holders = () => alive().filter(({ pid }) => pid !== self.pid);
        const held = namespaces(holders());
        t.same(
          names.filter((space) => held.has(space)),
          [],
          'no other process is in its namespaces or holds them',
        );
        ours.forEach((fd) => closeSync(fd));
        t.same(machine(), before, 'no link, mount or named namespace stays');
      });
    }
  }

  t.test(`Ctrl-C at a terminal as ${who} is one orderly stop`, { skip: obstacle(person, 'ip') }, async (t) => {
    const { launcher, lines } = await startLab(as);
    const closed = once(launcher, 'close');
    process.kill(-(launcher.pid ?? 0), 'SIGINT');
    const rest: unknown[] = [];
    for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(JSON.parse(line));
    t.same(rest, [{ ...bye, interrupted: true }], 'the engine itself got no SIGINT');
    t.same(await closed, [0, null]);
  });
}

t.test('the engine gets namespaces and an environment of its own', async (t) => {
  const { lines } = startLauncher([], 'looks.mjs');
  await lines.next();
  const seen: { message: string } = JSON.parse(String((await lines.next()).value));
  const { env, ...told } = JSON.parse(seen.message);
  t.same(told, { pid: 1, cwd: '/', links: 1 });
  t.same(Object.keys(env).sort(), ['HOME', 'LANG', 'PATH', 'TZ', 'UV_THREADPOOL_SIZE']);
});

t.test('where user namespaces are forbidden, the run says which setting forbids them', async (t) => {
  // user.max_user_namespaces counts for each user namespace by itself: forbidden in one of our own only.
  const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --inh-caps=-all --ambient-caps=-all -- "$@"';
  const nested = ['unshare', '--user', '--map-user=1000', '--keep-caps', '--', 'sh', '-ec', forbid, 'sh'];
  const { said } = startLauncher(nested, 'good.mjs');
  t.match(await said, /user.max_user_namespaces=0 forbids user namespaces/);
});

t.test('doctor tries everything for real', async (t) => {
  for (const check of doctorChecks.filter(({ needed }) => needed)) {
    t.match(await check.run(), { ok: true, detail: /./ }, check.name);
  }
  const broken = await probe(VETH.map((word) => word.replace('"veth"', '"nope"')));
  t.match(broken, { ok: false, said: 'veth: Operation not supported' }, 'the veth probe can fail');
  const nonsense = { ok: false, said: findProgram('nft') === undefined ? /nft/ : /syntax error/ };
  t.match(await probe(NFT, 'table inet t { nonsense }'), nonsense, 'the nft probe can fail');
});

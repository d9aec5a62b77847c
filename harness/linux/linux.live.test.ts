import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const UNSHARE = ['unshare', '--fork', '--kill-child', '--pid', '--mount-proc', '--net', '--mount'];
// Any identity does: with --map-root-user it needs no entry in /etc/passwd.
const ORDINARY = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups', '--'];
const root = process.geteuid?.() === 0;
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../dist/linux/fixtures/${name}.js`, import.meta.url));

interface Evidence {
  waiting?: object;
  data?: { late: number }[];
  hz?: number;
  kept?: string[][];
  tmp?: string[];
  [name: string]: unknown;
}

interface Way {
  who: string;
  prefix: string[];
}

const ways: Way[] = [
  ...(root ? [{ who: 'root', prefix: UNSHARE }] : []),
  { who: 'an ordinary user', prefix: [...(root ? ORDINARY : []), ...UNSHARE, '--user', '--map-root-user'] },
];

function start(way: Way, name: string, args: string[] = []): { out: Evidence; error: string } {
  const [command, ...rest] = [...way.prefix, process.execPath, fixture(name), ...args];
  const done = spawnSync(command ?? '', rest, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env['PATH'] },
  });
  const error = done.status === 0 ? '' : `${done.signal ?? done.status} ${done.stderr} ${String(done.error ?? '')}`;
  return { out: error === '' ? (JSON.parse(done.stdout) as Evidence) : {}, error };
}

/** Why this way cannot be tried here; false when it can. */
function obstacle(way: Way): string | false {
  const [command, ...rest] = [...way.prefix, 'test', '-r', fixture('mesh')];
  const tried = spawnSync(command ?? '', rest, { encoding: 'utf8' });
  return tried.status === 0 ? false : `${way.who} cannot start it: ${tried.stderr.trim() || 'dist is not readable'}`;
}

if (!existsSync(fixture('mesh'))) throw new Error('dist is missing: run `npm run build` first');

for (const way of ways) {
  const skip = obstacle(way);

  t.test(`three hosts, for ${way.who}`, { skip }, async (t) => {
    const { out, error } = start(way, 'mesh');
    t.equal(error, '');
    t.strictSame(out['noise'], [0, 0, 0], 'making a lab sends no packet');
    t.strictSame(
      out['connections'],
      ['0>1', '0>2', '1>0', '1>2', '2>0', '2>1'].map(
        (pair) => `${pair} EINPROGRESS ESTAB 192.0.2.${1 + Number(pair[0])}`,
      ),
      'every host reaches every other one from its own address, within connect()',
    );
    const inward = (length: number): object => ({ out: false, length, protocol: 0x0800 });
    const outward = (length: number): object => ({ out: true, length, protocol: 0x0800 });
    // SYN, SYN-ACK, ACK and the RST of linger 0: this host is the server twice, then the client twice.
    const served = [inward(60), outward(60), inward(52), inward(52)];
    const asked = [outward(60), inward(60), outward(52), outward(52)];
    t.strictSame(out['frames'], [...served, ...served, ...asked, ...asked], 'no ARP, no IPv6, nothing else');

    t.match(out['queued'], { state: 'LISTEN', length: 1, limit: 128 });
    const row = { localAddress: '192.0.2.2', localPort: 8888, timer: 'off', drops: 0 };
    t.match(out['waiting'], {
      lookup: { ...row, state: 'LISTEN', recvQ: 1, sendQ: 128, remoteAddress: '0.0.0.0' },
      dump: [
        { ...row, state: 'LISTEN' },
        { ...row, state: 'ESTAB', remoteAddress: '192.0.2.1', inode: 0 },
      ],
    });
    t.notMatch(out.waiting, { none: {} }, 'no listener on another port');
    t.match(out['talk'], {
      sent: { sent: 300, errno: '' },
      received: { received: 300, errno: '' },
      again: { received: 0, errno: 'EAGAIN' },
      shut: '',
      end: { received: 0, errno: '' },
      closed: { errno: '' },
    });
    t.strictSame([out['bulk'], out['segments']], [5792, [1500, 1500, 1500, 1500]], 'a packet for each segment');
    t.match(out['errors'], { bindTwice: 'EADDRINUSE', unreachable: 'ENETUNREACH', promise: /synchronous/ });
    const data = out.data?.[0];
    t.match(data, { length: 352, kept: 176, text: 'A'.repeat(124) }, 'cut, with its true length');
    t.ok(data && data.late > 0, 'packets are stamped by the clock that realtimeNanoseconds reads');

    const all = { sent: 20_000, arrived: 20_000, captured: 20_000, lengths: [40] };
    t.match(out['floods'], {
      raw: all,
      link: all,
      synRecv: 129,
      otherPort: 0,
      drops: 40_000 - 129,
      nowhere: 'ENETUNREACH',
    });
    t.match(out['sysctls'], {
      forward: '0',
      rpFilter: '0',
      ipv6: '1',
      bogus: 'EINVAL',
      absent: [null, 'absent'],
      own: [true, true],
      scopes: ['absent', 'absent'],
    });
    t.strictSame(out['drops'], [0, 0, 0]);
    t.strictSame(out['closing'], ['fulfilled', 'fulfilled', 'fulfilled']);
    t.ok([100, 250, 300, 1000].includes(out.hz ?? 0), 'HZ is one that Kconfig offers');
  });

  t.test(`the sandbox, for ${way.who}`, { skip }, async (t) => {
    const kept = realpathSync(mkdtempSync(join(tmpdir(), 'tcplab-kept-')));
    t.teardown(() => rmSync(kept, { recursive: true }));
    writeFileSync(join(kept, 'marker'), '');
    spawnSync('chmod', ['755', kept]);
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const packageFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

    const { out, error } = start(way, 'sandbox', [kept, packageFolder]);
    t.equal(error, '');
    t.strictSame(out['undone'], []);
    t.strictSame(out['remounted'], { undone: [], etc: 'EROFS' }, 'mount by mount, as on kernels before 5.12');
    const inside = Object.fromEntries(['/run', '/tmp', '/var'].map((path) => [`${path}/tcplab-inside`, '']));
    t.strictSame(out['written'], { '/etc/tcplab-inside': 'EROFS', ...inside, '/dev/null': '' });
    t.strictSame(out['keptWrite'], ['EROFS', 'EROFS']);
    t.match(out['kept'], [['marker']]);
    t.ok(out.kept?.[1]?.includes('package.json'), 'the package is still there');
    t.notOk(
      (out['tmp'] as string[]).some((name) => name.startsWith('tap-')),
      '/tmp is a fresh one',
    );
    t.strictSame(out['sysctl'], ['written', 'written']);
    t.strictSame(out['sysctlRead'], ['2', '0'], 'each namespace has its own');
    t.equal(out['machineSysctl'], 'EROFS');
    t.equal(out['loopback'], 'EINPROGRESS', 'lo is up');
    t.match(out, { noNewPrivs: '1', pid: 1, child: '0' });

    t.strictSame(
      [out['reaped'], out['ownExit']],
      [[true], 0],
      "the orphan is reaped, Node's own program is left to Node",
    );

    t.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts, "the machine's mounts are as before");
    for (const path of ['/etc', '/run', '/tmp', '/var']) t.notOk(readdirSync(path).includes('tcplab-inside'), path);
    t.strictSame(readdirSync(kept), ['marker']);
  });
}

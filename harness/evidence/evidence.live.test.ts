import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { COUNTER_NAMES } from './counter-names.ts';
import { CONFIGURATION, parseCounters } from './counters.ts';
import { flagsText } from './flags.ts';
import { netstatReport } from './netstat-sentences.ts';
import { PcapngWriter } from './pcapng.ts';
import { sectionOf } from './section.ts';
import { buildSegment } from './segment.ts';
import { firesWithin } from './timer-wheel.ts';

const isRoot = process.getuid?.() === 0;
const unshare = (...flags: string[]): string[] => (isRoot ? flags : ['--user', '--map-root-user', ...flags]);

function missing(...programs: string[]): string | false {
  const absent = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  return absent.length === 0 ? false : `not installed: ${absent.join(', ')}`;
}

function namespaced(...programs: string[]): string | false {
  const allowed = spawnSync('unshare', [...unshare('--net', '--mount'), 'true'], { encoding: 'utf8' });
  return missing(...programs) || (allowed.status === 0 ? false : `no namespaces here: ${allowed.stderr?.trim()}`);
}

/** Runs a script with a fresh network (and the flags' other namespaces); throws with its stderr when it fails. */
function inside(flags: string[], ...command: string[]): string {
  return execFileSync('unshare', [...unshare('--net', ...flags), ...command], { encoding: 'utf8', maxBuffer: 1e8 });
}

/** A folder that is gone when the test ends. */
function temporary(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcplab-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Answered and refused connections with data, both of TCP and UDP; the refused datagram makes ICMP messages. */
const TRAFFIC = `
  import { execFileSync } from 'node:child_process';
  import { createSocket } from 'node:dgram';
  import { once } from 'node:events';
  import { connect, createServer } from 'node:net';
  import { readFileSync } from 'node:fs';
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const server = createServer((socket) => socket.pipe(socket)).listen(8888, '127.0.0.1');
  await once(server, 'listening');
  for (let n = 0; n < 5; n += 1) {
    const open = connect(8888, '127.0.0.1');
    open.end('x'.repeat(100_000));
    open.resume();
    await once(open, 'close');
    await once(connect(9, '127.0.0.1'), 'error');
  }
  const kept = connect(8888, '127.0.0.1');
  await once(kept, 'connect');
  const datagram = createSocket('udp4');
  datagram.connect(9, '127.0.0.1');
  await once(datagram, 'connect');
  datagram.send('x');
  await once(datagram, 'error');
  const read = (name) => readFileSync('/proc/net/' + name, 'utf8');
  const netstat = () => execFileSync('netstat', ['-s'], { encoding: 'utf8', env: { LC_ALL: 'C', PATH: process.env.PATH } });
  console.log(JSON.stringify({ snmp: read('snmp'), netstat: read('netstat'), real: netstat() }));
  process.exit();
`;

/** Of net-tools' own sections only SCTP is not ours, and a kernel without the module does not have it. */
const withoutSctp = (report: string): string[] => report.replace(/^Sctp:\n(?: .*\n)*/m, '').split('\n');

t.test('netstat -s after traffic on lo, line by line', { skip: namespaced('netstat', 'ip') }, async (t) => {
  const output = inside([], process.execPath, '--input-type=module', '-e', TRAFFIC);
  const { snmp, netstat, real } = JSON.parse(output) as { snmp: string; netstat: string; real: string };
  const counters = parseCounters(snmp, netstat);
  t.match(counters, {
    TcpActiveOpens: 11,
    TcpPassiveOpens: 6,
    TcpCurrEstab: 2,
    TcpOutRsts: 5,
    IcmpMsgInType3: 1,
    UdpNoPorts: 1,
  });
  t.same(netstatReport(counters).split('\n'), withoutSctp(real));
});

/** The files that a kernel with all counters of COUNTER_NAMES would have. */
function everyCounter(value: (index: number) => number): { snmp: string; netstat: string } {
  const sections = new Map<string, string[]>(
    ['Ip', 'Icmp', 'IcmpMsg', 'Tcp', 'Udp', 'UdpLite'].map((name) => [name, []]),
  );
  for (const counter of [...CONFIGURATION, ...COUNTER_NAMES]) {
    const { section, name } = sectionOf(counter);
    sections.set(section, [...(sections.get(section) ?? []), name]);
  }
  const files = { snmp: '', netstat: '' };
  for (const [section, names] of sections)
    for (let at = 0; at < names.length; at += section === 'IcmpMsg' ? 16 : names.length) {
      const line = section === 'IcmpMsg' ? names.slice(at, at + 16) : names;
      const text = `${section}: ${line.join(' ')}\n${section}: ${line.map((_, index) => value(index)).join(' ')}\n`;
      files[section.endsWith('Ext') ? 'netstat' : 'snmp'] += text;
    }
  return files;
}

t.test('netstat -s of every counter of every kernel', { skip: namespaced('netstat', 'mount') }, async (t) => {
  const proc = temporary(t);
  mkdirSync(join(proc, 'net'));
  for (const [what, value] of Object.entries({
    none: () => 0,
    one: () => 1,
    large: (index: number) => 2 ** 40 + index,
    'every other': (index: number) => index % 2,
  })) {
    const { snmp, netstat } = everyCounter(value);
    writeFileSync(join(proc, 'net/snmp'), snmp);
    writeFileSync(join(proc, 'net/netstat'), netstat);
    const real = inside(['--mount'], 'sh', '-c', 'mount --bind "$0" /proc && LC_ALL=C exec netstat -s', proc);
    t.same(netstatReport(parseCounters(snmp, netstat)).split('\n'), withoutSctp(real), what);
  }
});

const START = 1_767_225_600_000_000_001n;

/** One packet for each flags byte, 1.000000001 s apart, every second one sent, by two hosts in turn. */
function everyFlag(): Buffer {
  const interfaces = [
    { name: 'server', snaplen: 4096 },
    { name: 'client', snaplen: 4096 },
  ];
  const file = new PcapngWriter({ interfaces, application: 'tcplab', comment: 'every flag' });
  for (let flags = 0; flags < 256; flags += 1) {
    const ends = { source: '198.51.100.1', destination: '203.0.113.1', sport: 40000, dport: 8888, seq: flags };
    const bytes = buildSegment({ ...ends, flags: flagsText(flags), tsval: 1, payload: 'x'.repeat(flags) });
    file.add({
      interface: flags % 2,
      realtimeNanoseconds: START + BigInt(flags) * 1_000_000_001n,
      bytes: flags % 2 === 0 ? bytes.subarray(0, 60) : bytes,
      wireLength: bytes.length,
      out: flags % 2 === 1,
      ...(flags === 18 && { comment: 'the answer' }),
    });
  }
  return file.bytes;
}

const stampOf = (flags: number): string => {
  const stamp = START + BigInt(flags) * 1_000_000_001n;
  return `${stamp / 1_000_000_000n}.${String(stamp % 1_000_000_000n).padStart(9, '0')}`;
};

t.test('tcpdump reads our pcapng: all flags, nanoseconds, lengths', { skip: missing('tcpdump') }, async (t) => {
  const read = ['-n', '-tt', '--time-stamp-precision=nano', '-S', '-r', '-'];
  const { stdout, stderr } = spawnSync('tcpdump', read, { input: everyFlag(), encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  t.equal(lines.length, 256, stderr);
  const seen = lines.map((line) => /^(\S+) IP .* Flags (\[.*?\]), .* length (\d+)/.exec(line)?.slice(1, 4));
  t.same(
    seen,
    Array.from({ length: 256 }, (_, flags) => [stampOf(flags), flagsText(flags), String(flags)]),
  );
});

t.test('tshark reads our pcapng: direction, interface, comment, checksums', { skip: missing('tshark') }, async (t) => {
  const folder = temporary(t);
  const path = join(folder, 'every-flag.pcapng');
  writeFileSync(path, everyFlag());
  const frame = ['time_epoch', 'interface_name', 'packet_flags_direction', 'cap_len', 'comment'].map(
    (name) => `frame.${name}`,
  );
  const fields = [...frame, 'ip.checksum.status', 'tcp.checksum.status'].flatMap((name) => ['-e', name]);
  const check = ['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE'];
  const args = ['-r', path, ...check, '-T', 'fields', '-E', 'separator=|', ...fields];
  const { stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8' });
  const [GOOD, NOT_CHECKED] = ['1', '2'];
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('|'));
  t.equal(rows.length, 256, stderr);
  t.same(rows[18], [stampOf(18), 'server', '0x00000001', '60', 'the answer', GOOD, NOT_CHECKED], 'received, cut');
  t.same(rows[19], [stampOf(19), 'client', '0x00000002', '71', '', GOOD, GOOD], 'sent, whole');
  const wrong = rows.filter((row, flags) => row[5] !== GOOD || (flags % 2 === 1 && row[6] !== GOOD));
  t.same(wrong, [], 'all checksums of whole packets');
});

/** CONFIG_HZ, where the kernel or the distribution says it. */
function configHz(): number | undefined {
  const files = ['/proc/config.gz', `/boot/config-${release()}`].filter(existsSync);
  const text = files.map((file) =>
    (file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file)).toString(),
  )[0];
  const hz = /^CONFIG_HZ=(\d+)$/m.exec(text ?? '')?.[1];
  return hz === undefined ? undefined : Number(hz);
}

/** Connects whose SYNs nobody gets: 40 SYNs 7 ms apart, each with two retransmissions, stamped by the kernel. */
const SYNS = `
  import { execFileSync, spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { writeFileSync } from 'node:fs';
  import { connect } from 'node:net';
  import { createInterface } from 'node:readline';
  const ip = (text) => execFileSync('ip', text.split(' '));
  ip('link add v0 type veth peer name v1');
  for (const end of ['v0', 'v1']) { ip('link set ' + end + ' arp off'); ip('link set ' + end + ' up'); }
  ip('addr add 192.0.2.1/24 dev v0');
  try { writeFileSync('/proc/sys/net/ipv4/tcp_syn_linear_timeouts', '0'); } catch {}
  const dump = spawn('tcpdump', ['-Z', 'root', '-i', 'v0', '-n', '-l', '-tt', '--time-stamp-precision=nano', 'tcp']);
  let said = '';
  for await (const line of createInterface({ input: dump.stderr })) if ((said = line).startsWith('listening')) break;
  if (!said.startsWith('listening')) throw new Error(said);
  dump.stderr.resume();
  for (let n = 0; n < 40; n += 1) setTimeout(() => connect(8888, '192.0.2.9').on('error', () => {}), 7 * n);
  const stamps = {};
  let whole = 0;
  for await (const line of createInterface({ input: dump.stdout })) {
    const [, stamp, port] = /^(\\S+) IP 192.0.2.1.(\\d+) > .* Flags .S.,/.exec(line);
    (stamps[port] ??= []).push(Number(stamp));
    if (stamps[port].length === 3 && (whole += 1) === 40) break;
  }
  dump.kill();
  console.log(JSON.stringify(Object.values(stamps)));
  process.exit();
`;

const hz = configHz();
/** tcpdump always changes its user, and a user namespace with one user does not let it (setgroups). */
const noCapture = isRoot ? false : 'tcpdump captures only as root';
const noWheel = noCapture || (hz === undefined ? 'CONFIG_HZ is not known here' : namespaced('ip', 'tcpdump'));

t.test('SYN retransmissions come within the granules of the timer wheel', { skip: noWheel }, async (t) => {
  if (hz === undefined) return;
  const output = inside([], process.execPath, '--input-type=module', '-e', SYNS);
  const chains = JSON.parse(output) as [number, number, number][];
  t.equal(chains.length, 40);
  // Stamps are decimal seconds of an epoch: their differences are true to a microsecond.
  const early = chains.filter(([first, second, third]) => second - first < 1 - 1e-6 || third - second < 2 - 1e-6);
  t.same(early, [], 'no timer fires early');
  // A busy machine may run a softirq after its jiffy, never before: most of them show the wheel's own bound.
  const within = chains.filter(
    ([first, second, third]) =>
      firesWithin(second - first, 1, hz) &&
      firesWithin(third - second, 2, hz) &&
      firesWithin(third - first, [1, 2], hz),
  );
  t.ok(within.length > chains.length / 2, `${within.length} of ${chains.length} within the granules at ${hz} HZ`);
});

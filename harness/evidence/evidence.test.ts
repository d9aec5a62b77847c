import t from 'tap';
import { ipv4Number } from './address.ts';
import { COUNTER_NAMES } from './counter-names.ts';
import { CONFIGURATION, deltaOf, parseCounters } from './counters.ts';
import { flagsOf, flagsText } from './flags.ts';
import { decodeFrame } from './frame.ts';
import type { SocketRow } from './model.ts';
import { netstatReport, sentenceOf } from './netstat-sentences.ts';
import { pcapngHeader, pcapngPacket, PcapngWriter } from './pcapng.ts';
import { sectionOf } from './section.ts';
import { buildSegment, patchSyn, synTemplate } from './segment.ts';
import { socketLine, socketTable } from './sockets.ts';
import { firesWithin, granule } from './timer-wheel.ts';

const SNMP = `Ip: Forwarding DefaultTTL InReceives
Ip: 2 64 7
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs OutMsgs OutErrors OutDestUnreachs
Icmp: 1 0 4 1 0 0 0
IcmpMsg: InType3
IcmpMsg: 1
Tcp: RtoMax MaxConn CurrEstab OutRsts
Tcp: 120000 -1 3 62
Udp: InDatagrams
Udp: 27
UdpLite: InDatagrams
UdpLite: 5
`;
const NETSTAT = `TcpExt: ListenDrops TCPTimeouts TcpTimeoutRehash TCPHPHits TW
TcpExt: 540 2 3 0 1
IpExt: InOctets
IpExt: 220061212
MPTcpExt: MPCapableSYNRX
MPTcpExt: 0
`;

t.test('counters: every number of both files, by nstat name', async (t) => {
  const counters = parseCounters(SNMP, NETSTAT);
  t.match(counters, {
    IpInReceives: 7,
    IcmpMsgInType3: 1,
    TcpMaxConn: -1,
    UdpInDatagrams: 27,
    UdpLiteInDatagrams: 5,
    TcpExtListenDrops: 540,
    TcpExtTcpTimeoutRehash: 3,
    IpExtInOctets: 220061212,
    MPTcpExtMPCapableSYNRX: 0,
  });
  t.equal(Object.keys(counters).length, 24);
});

t.test('counters: text that is no pair of lines says which and where', async (t) => {
  const fails = (snmp: string, message: RegExp) => t.throws(() => parseCounters(snmp, ''), { message });
  fails('Ip: InReceives\n', /\/proc\/net\/snmp, line 1: the header `Ip:` has no value line/);
  fails(`${SNMP}Tcp: A B\nUdp: 1 2\n`, /line 13: the header `Tcp:` has no value line/);
  fails('Ip: A B\nIp: 1\n', /names 2 counters but has 1 values/);
  fails('Ip: A\nIp: x\n', /A is `x`, not a number/);
  fails('garbage\n', /`garbage` is no section header/);
  t.throws(() => parseCounters('', 'TcpExt: A\n'), { message: /\/proc\/net\/netstat, line 1/, exitCode: 4 });
});

t.test('delta: change of counters and gauges, without configuration', async (t) => {
  const before = parseCounters(SNMP.replace('IcmpMsg: InType3\nIcmpMsg: 1\n', ''), NETSTAT);
  const after = parseCounters(SNMP.replace('-1 3 62', '-1 1 70'), NETSTAT);
  const delta = deltaOf(before, after);
  t.equal(delta['TcpCurrEstab'], -2, 'a gauge may fall');
  t.equal(delta['TcpOutRsts'], 8);
  t.equal(delta['IcmpMsgInType3'], 1, 'what was not there yet counts from 0');
  t.equal(delta['TcpExtListenDrops'], 0, 'zeros stay');
  for (const name of CONFIGURATION) t.notOk(name in delta, `${name} is no counter`);
});

t.test('counter names: the union over kernels, no name twice, all of a known section', async (t) => {
  t.equal(new Set(COUNTER_NAMES).size, COUNTER_NAMES.length);
  t.same(
    COUNTER_NAMES.filter((name) => sectionOf(name).section === ''),
    [],
  );
  const sections = ['Ip', 'Icmp', 'IcmpMsg', 'Tcp', 'Udp', 'UdpLite', 'TcpExt', 'IpExt', 'MPTcpExt'];
  t.same([...new Set(COUNTER_NAMES.map((name) => sectionOf(name).section))].sort(), sections.sort());
  const old = [
    'PAWSPassive',
    'TCPPrequeued',
    'TCPForwardRetrans',
    'TCPFACKReorder',
    'TCPHPHitsToUser',
    'TCPSchedulerFailed',
  ];
  const recent = ['TSEcrRejected', 'PAWSOldAck', 'PAWSTimewait', 'BeyondWindow', 'TCPAORequired', 'TCPPLBRehash'];
  for (const name of [...old, ...recent]) t.ok(COUNTER_NAMES.includes(`TcpExt${name}`), name);
  for (const name of CONFIGURATION) t.notOk(COUNTER_NAMES.includes(name), `${name} is configuration`);
  t.same(sectionOf('TcpExtTcpTimeoutRehash'), { section: 'TcpExt', name: 'TcpTimeoutRehash' });
  t.same(sectionOf('Nonsense'), { section: '', name: 'Nonsense' });
});

t.test('netstat sentences: as net-tools 2.10 says them', async (t) => {
  t.equal(sentenceOf('TcpExtListenDrops', 540), '540 SYNs to LISTEN sockets dropped');
  t.equal(sentenceOf('TcpExtListenDrops', 0), undefined, 'most of TcpExt only when not 0');
  t.equal(sentenceOf('TcpExtTCPHPHits', 0), '0 packet headers predicted', 'but not this one');
  t.equal(sentenceOf('TcpOutRsts', 0), '0 resets sent');
  t.equal(sentenceOf('TcpExtTCPReqQFullDrop', 9), 'TCPReqQFullDrop: 9', 'no sentence');
  t.equal(sentenceOf('TcpExtTCPTimeouts', 2), 'TCPTimeouts: 2', 'a sentence that it cannot find');
  t.equal(sentenceOf('TcpMaxConn', -1), undefined);
  t.equal(sentenceOf('IcmpInDestUnreachs', 3), 'destination unreachable: 3');
});

t.test('netstat report: sections, histograms, and the indent that they leave behind', async (t) => {
  t.equal(
    netstatReport(parseCounters(SNMP, NETSTAT)),
    `Ip:
    Forwarding: 2
    7 total packets received
Icmp:
    1 ICMP messages received
    0 input ICMP message failed
    InCsumErrors: 4
    ICMP input histogram:
        destination unreachable: 1
    0 ICMP messages sent
    0 ICMP messages failed
    ICMP output histogram:
IcmpMsg:
        InType3: 1
Tcp:
    3 connections established
    62 resets sent
Udp:
    27 packets received
UdpLite:
    InDatagrams: 5
TcpExt:
    540 SYNs to LISTEN sockets dropped
    TCPTimeouts: 2
    TcpTimeoutRehash: 3
    0 packet headers predicted
    1 TCP sockets finished time wait in fast timer
IpExt:
    InOctets: 220061212
MPTcpExt:
`,
  );
});

t.test('flags: text and number, both ways, for all 256', async (t) => {
  for (let flags = 0; flags < 256; flags += 1) if (flagsOf(flagsText(flags)) !== flags) t.fail(`flags byte ${flags}`);
  const samples = {
    0x02: '[S]',
    0x12: '[S.]',
    0x18: '[P.]',
    0x11: '[F.]',
    0x04: '[R]',
    0x14: '[R.]',
    0x10: '[.]',
    0x19: '[FP.]',
    0: '[none]',
  };
  for (const [flags, text] of Object.entries(samples)) t.equal(flagsText(Number(flags)), text);
  t.equal(flagsText(0xc2), '[SEW]');
  t.equal(flagsOf('.S'), 0x12, 'any order, with or without brackets');
  t.throws(() => flagsOf('[X]'), { message: /`X` is no TCP flag: F S R P/ });
  t.throws(() => flagsOf('SS'), { message: /`S` stands there twice/ });
  t.throws(() => flagsOf('[]'), { message: /names no TCP flags/ });
});

const syn = {
  source: '198.51.100.7',
  destination: '203.0.113.9',
  sport: 40000,
  dport: 8888,
  flags: '[S]',
  seq: 0xfedcba98,
  win: 64240,
  ttl: 3,
  mss: 1460,
  wscale: 7,
  sackPermitted: true,
  tsval: 4_000_000_000,
  tsecr: 0,
  ipId: 77,
};
const decodedSyn = {
  source: '198.51.100.7',
  destination: '203.0.113.9',
  sport: 40000,
  dport: 8888,
  flags: '[S]',
  seq: 0xfedcba98,
  ack: 0,
  length: 0,
  win: 64240,
  ttl: 3,
  tsval: 4_000_000_000,
  tsecr: 0,
  wscale: 7,
  mss: 1460,
  sackPermitted: true,
  payload: '',
};
const NO_OPTIONS = { tsval: -1, tsecr: -1, wscale: -1, mss: -1, sackPermitted: false };

/** The Internet checksum the slow way: over a right header it is 0. */
function onesSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}
function checksumsHold(packet: Buffer): boolean {
  const pseudo = Buffer.from([
    ...packet.subarray(12, 20),
    0,
    6,
    (packet.length - 20) >> 8,
    (packet.length - 20) & 0xff,
  ]);
  return onesSum(packet.subarray(0, 20)) === 0 && onesSum(Buffer.concat([pseudo, packet.subarray(20)])) === 0;
}

t.test('segment: built, right, and decoded again', async (t) => {
  const bytes = buildSegment(syn);
  t.ok(checksumsHold(bytes));
  t.equal(bytes.readUInt16BE(4), 77);
  t.same(decodeFrame(bytes, bytes.length), decodedSyn);

  const data = buildSegment({ ...syn, flags: 'P.', ack: 5, payload: 'h\xe9llo' });
  t.ok(checksumsHold(data), 'odd length');
  t.match(decodeFrame(data, data.length), { flags: '[P.]', ack: 5, length: 5, payload: 'h\xe9llo' });

  const bare = buildSegment({
    source: '192.0.2.1',
    destination: '192.0.2.2',
    sport: 1,
    dport: 2,
    flags: '[R]',
    seq: 0,
  });
  t.equal(bare.length, 40);
  t.match(decodeFrame(bare, 40), { flags: '[R]', win: 64240, ttl: 64, ...NO_OPTIONS });

  t.throws(() => buildSegment({ ...syn, source: '1.2.3' }), { message: /`1.2.3` is no IPv4 address/ });
  t.throws(() => buildSegment({ ...syn, sport: 65536 }), RangeError);
  t.equal(ipv4Number('198.18.0.1'), 0xc612_0001);
});

t.test('segment: a patched template is what buildSegment builds', async (t) => {
  const template = synTemplate({ ...syn, ipId: 0 });
  const slot = Buffer.alloc(64, 0xff);
  const numbers = [
    [0xc612_0001, 1024, 1],
    [0xffff_ffff, 65535, 0xffff_ffff],
    [0, 0, 0],
    [0xc613_fffe, 60000, 0x8000_0001],
  ] as const;
  for (const [source, sport, seq] of numbers) {
    const length = patchSyn(slot, template, source, sport, seq);
    const dotted = [source >>> 24, (source >>> 16) & 255, (source >>> 8) & 255, source & 255].join('.');
    t.same(slot.subarray(0, length), buildSegment({ ...syn, ipId: 0, source: dotted, sport, seq }), dotted);
  }
  t.equal(slot[63], 0xff, 'nothing behind the packet is touched');
});

t.test('frame: cut packets, IPv6, ICMP errors, and what is none', async (t) => {
  const data = buildSegment({ ...syn, flags: '[P.]', payload: 'x'.repeat(1000) });
  t.match(decodeFrame(data.subarray(0, 70), data.length), { length: 1000, payload: 'x'.repeat(10) }, 'cut payload');
  t.match(
    decodeFrame(data.subarray(0, 45), data.length),
    { length: 1000, payload: '', mss: 1460, tsval: -1 },
    'cut options',
  );
  t.equal(decodeFrame(data.subarray(0, 39), data.length), undefined, 'cut header');
  t.equal(decodeFrame(Buffer.alloc(0), 0), undefined);

  const padded = Buffer.concat([buildSegment({ ...syn, payload: 'ab' }), Buffer.alloc(20)]);
  t.match(decodeFrame(padded, padded.length), { length: 2, payload: 'ab' }, 'padding is no payload');
  const big = Buffer.from(data);
  big.writeUInt16BE(0, 2);
  t.match(decodeFrame(big, 100_060), { length: 100_000 }, 'no length in the IP header: the wire tells');

  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x6000_0000, 0);
  header.writeUInt16BE(data.length - 20 + 8, 4);
  header.writeUInt8(0, 6);
  header.writeUInt8(9, 7);
  Buffer.from('20010db8000000000000000000000001', 'hex').copy(header, 8);
  Buffer.from('20010db8000000000001000000000002', 'hex').copy(header, 24);
  const hopByHop = Buffer.from([6, 0, 1, 4, 0, 0, 0, 0]);
  const six = Buffer.concat([header, hopByHop, data.subarray(20)]);
  t.match(decodeFrame(six, six.length), {
    source: '2001:db8::1',
    destination: '2001:db8::1:0:0:2',
    ttl: 9,
    length: 1000,
    flags: '[P.]',
  });

  const outer = Buffer.from(
    buildSegment({ ...syn, source: '203.0.113.9', destination: '198.51.100.7' }).subarray(0, 20),
  );
  outer.writeUInt8(1, 9);
  const unreachable = (quoted: Buffer) => {
    outer.writeUInt16BE(28 + quoted.length, 2);
    return Buffer.concat([outer, Buffer.from([3, 1, 0, 0, 0, 0, 0, 0]), quoted]);
  };
  const error = unreachable(buildSegment(syn).subarray(0, 28));
  t.same(decodeFrame(error, error.length), {
    source: '203.0.113.9',
    destination: '198.51.100.7',
    sport: 40000,
    dport: 8888,
    flags: '[icmp 3/1]',
    seq: 0xfedcba98,
    ack: 0,
    length: 0,
    win: 0,
    ttl: 3,
    ...NO_OPTIONS,
    payload: '',
  });
  t.match(decodeFrame(unreachable(Buffer.alloc(0)), 28), { flags: '[icmp 3/1]', sport: 0, dport: 0, seq: 0 });
  const echo = Buffer.from(error);
  echo.writeUInt8(8, 20);
  t.equal(decodeFrame(echo, echo.length), undefined, 'an echo request is no error');
  const udp = Buffer.from(buildSegment(syn));
  udp.writeUInt8(17, 9);
  t.equal(decodeFrame(udp, udp.length), undefined);
  const fragment = Buffer.from(buildSegment(syn));
  fragment.writeUInt16BE(185, 6);
  t.equal(decodeFrame(fragment, fragment.length), undefined, 'a later fragment has no TCP header');
});

t.test('frame: broken options end the list', async (t) => {
  const bytes = Buffer.from(buildSegment({ ...syn, mss: 1460 }));
  bytes.writeUInt8(0, 41);
  t.match(decodeFrame(bytes, bytes.length), { ...NO_OPTIONS, flags: '[S]' }, 'length 0');
  bytes.writeUInt8(200, 41);
  t.match(decodeFrame(bytes, bytes.length), NO_OPTIONS, 'beyond the header');
});

t.test('pcapng: blocks of whole words, whose lengths agree', async (t) => {
  const file = {
    interfaces: [{ name: 'server' }, { name: 'client' }],
    application: 'tcplab',
    comment: 'a',
  };
  const packet = {
    interface: 1,
    realtimeNanoseconds: 1_767_225_600_123_456_789n,
    bytes: buildSegment({ ...syn, payload: 'odd' }),
    wireLength: 63,
    out: true,
    comment: 'why',
  };
  const writer = new PcapngWriter(file);
  for (let n = 0; n < 2000; n += 1) writer.add(packet);
  const one = pcapngPacket(packet);
  t.same(
    writer.bytes,
    Buffer.concat([pcapngHeader(file), ...Array.from({ length: 2000 }, () => one)]),
    'grows without a gap',
  );
  const types: number[] = [];
  for (let at = 0; at < writer.bytes.length;) {
    const length = writer.bytes.readUInt32LE(at + 4);
    if (length % 4 !== 0 || writer.bytes.readUInt32LE(at + length - 4) !== length) return t.fail(`block at ${at}`);
    types.push(writer.bytes.readUInt32LE(at));
    at += length;
  }
  t.same(types.slice(0, 4), [0x0a0d0d0a, 1, 1, 6]);
  t.equal(types.length, 2003);
  const unlike = [{ name: 'a' }, { name: 'b', snaplen: 160 }];
  t.throws(() => pcapngHeader({ interfaces: unlike, application: 'x' }), { message: /same link type and snaplen/ });
});

const socket: SocketRow = {
  state: 'LISTEN',
  localAddress: '192.0.2.1',
  localPort: 8888,
  remoteAddress: '0.0.0.0',
  remotePort: 0,
  recvQ: 2,
  sendQ: 1,
  inode: 4711,
  timer: 'off',
  timerLeft: 0,
  retransmits: 0,
  drops: 3,
};
const half: SocketRow = {
  ...socket,
  state: 'SYN-RECV',
  remoteAddress: '2001:db8::7',
  remotePort: 40000,
  recvQ: 0,
  sendQ: 0,
  inode: 0,
  drops: -1,
  timer: 'on',
  timerLeft: 1.2,
  retransmits: 1,
};

t.test('sockets: as ss shows them', async (t) => {
  t.same(socketTable([socket, half]), [
    'State    Recv-Q Send-Q Local Address:Port Peer Address:Port',
    'LISTEN   2      1      192.0.2.1:8888     0.0.0.0:*           ino:4711 skmem:(d3)',
    'SYN-RECV 0      0      192.0.2.1:8888     [2001:db8::7]:40000 timer:(on,1.200ms,1)',
  ]);
  t.equal(socketLine(socket), 'LISTEN 2 1 192.0.2.1:8888 0.0.0.0:* ino:4711 skmem:(d3)');
  const left = (timerLeft: number) => /,(.*),/.exec(socketLine({ ...half, timerLeft }))?.[1];
  t.same([0, 0.2, 1, 26.4, 89, 605, 7199.9].map(left), ['', '200ms', '1sec', '26sec', '1min29sec', '10min', '119min']);
});

t.test('timer wheel: granules by level', async (t) => {
  const late = (seconds: number, hz: number) => Math.round((granule(seconds, hz) * hz - 1) * 1000) / 1000;
  t.same(
    [0.2, 1, 2, 4, 16, 32, 120].map((seconds) => late(seconds, 250)),
    [1, 8, 8, 64, 64, 512, 512],
  );
  t.same(
    [1, 4, 5].map((seconds) => late(seconds, 1000)),
    [64, 64, 512],
  );
  t.equal(late(1, 100), 8);
  t.same(
    [62, 63, 503, 504, 4031, 4032].map((jiffies) => late(jiffies / 250, 250)),
    [1, 8, 8, 64, 64, 512],
    'at the edges',
  );
  t.equal(late(0.001, 250), 1.75, 'a part of a jiffy is rounded up to one');
  t.equal(late(3e6, 100), late(6e6, 100), 'no ninth level at 100 HZ');
  t.equal(late(6e6, 250), 8 ** 8);
});

t.test('timer wheel: what can and cannot be', async (t) => {
  t.notOk(firesWithin(0.999, 1, 250), 'never early');
  t.ok(firesWithin(1, 1, 250));
  t.ok(firesWithin(1.036, 1, 250));
  t.notOk(firesWithin(1.0361, 1, 250));
  t.ok(firesWithin(7.25, [1, 2, 4], 250));
  t.notOk(firesWithin(6.99, [1, 2, 4], 250));
  t.ok(firesWithin(0.1 + 0.2, [0.1, 0.2], 1000), 'decimal seconds');
  t.ok(firesWithin(7 + 2 * 0.036 + 0.26, [1, 2, 4], 250));
  t.notOk(firesWithin(7 + 2 * 0.036 + 0.261, [1, 2, 4], 250));
});

import t from 'tap';
import type { HostEvidence, Packet, Scope, SocketRow } from '../evidence/model.ts';
import type { NameTypes } from '../scenario/model.ts';
import { checkExpression } from './check.ts';
import { compile } from './compile.ts';
import { nearest } from './did-you-mean.ts';
import { print } from './printer.ts';
import { parse, rootsIn, sysctlsIn } from './syntax.ts';

const names: NameTypes = {
  hosts: ['server', 'client'],
  observations: ['after'],
  params: { backlog: 'int', ratio: 'double', on: 'bool' },
  outcomes: {
    web: { type: 'Listener', fields: { queue: 'int', error: 'string' } },
    flood: { type: 'Flood', fields: { sent: 'int', times: 'list<double>', errors: 'map<string, int>' } },
    second: { type: 'Flood', fields: { sent: 'int', times: 'list<double>', errors: 'map<string, int>' } },
  },
};

const packet = (parts: Partial<Packet>): Packet => ({
  at: 0.5,
  host: 'server',
  out: false,
  from: 'client:40000',
  to: 'server:8080',
  sport: 40000,
  dport: 8080,
  flags: '[S]',
  seq: 4294967295,
  ack: 0,
  length: 0,
  win: 64240,
  ttl: 64,
  tsval: -1,
  tsecr: -1,
  wscale: 7,
  mss: 1460,
  sackPermitted: true,
  payload: '',
  ...parts,
});
const socket = (parts: Partial<SocketRow>): SocketRow => ({
  state: 'LISTEN',
  localAddress: '192.0.2.1',
  localPort: 8080,
  remoteAddress: '0.0.0.0',
  remotePort: 0,
  recvQ: 2,
  sendQ: 1,
  inode: 5,
  timer: 'off',
  timerLeft: 0,
  retransmits: 0,
  drops: 0,
  ...parts,
});

const evidence: HostEvidence = {
  counters: { TcpExtListenDrops: 526, TcpOutRsts: 0 },
  sockets: [socket({}), socket({ state: 'SYN-RECV', remotePort: 40000 })],
  packets: [
    packet({}),
    packet({ at: 0.6, out: true, flags: '[S.]', from: 'server:8080', to: 'client:40000' }),
    packet({ at: 1.6, out: true, flags: '[S.]', from: 'server:8080', to: 'client:40000' }),
  ],
  sysctl: {
    'net.core.somaxconn': 4096,
    'net.ipv4.tcp_rto_max_ms': 'absent',
    'net.ipv4.tcp_rmem': '4096 131072 6291456',
  },
};
const scope: Scope = {
  at: 3,
  hosts: { server: evidence, client: { ...evidence, counters: {} } },
  outcomes: {
    web: { queue: 2, error: '' },
    flood: { sent: 542, times: [0.1, 1.5], errors: { ECONNRESET: 2 } },
    second: { sent: 1, times: [], errors: {} },
  },
  observations: {
    after: { at: 1.5, hosts: { server: evidence, client: evidence }, outcomes: { web: { queue: 1, error: '' } } },
  },
  params: { backlog: 1, ratio: 2, on: true },
  hz: 250,
};
const evaluate = (cel: string) => compile(cel, names).evaluate(scope);

t.test('right expressions pass the check', async (t) => {
  for (const [cel, want] of [
    ['after.server.TcpExtListenDrops == flood.sent - (backlog + 1)', 'bool'],
    ['after.web.queue == 1 && after.at > 1.0', 'bool'],
    ["server.sockets.state('LISTEN').first().recvQ", 'int'],
    ["server.sysctl['net.core.somaxconn']", 'int'],
    ['min(backlog, server.sysctl["net.core.somaxconn"])', 'int'],
    ["server.sent.flags('[S.]').from('server').last()", 'Packet'],
    ['server.packets.exists(p, has(p.seq) && p.seq > 0)', 'bool'],
    ['has(server.TcpExtPAWSOldAck) && on', 'bool'],
    ['fires(server.packets[2].at - server.packets[1].at, [1.0, 2.0]) || fires(1.0, 1.0)', 'bool'],
    ['flood.errors', 'dyn'],
    ['second.sent + flood.sent', 'int'],
  ] as const) {
    t.equal(checkExpression(cel, names, want), undefined, cel);
  }
});

t.test('wrong expressions are shown where they are wrong', async (t) => {
  for (const [cel, part, message, hint] of [
    ['after.server.TcpExtListenDrop == 1', 'TcpExtListenDrop', /unknown counter/, /TcpExtListenDrops\?/],
    ['server.ListenDrops == 1', 'ListenDrops', /unknown counter/, /TcpExtListenDrops\?/],
    ['aftr.server.TcpOutRsts == 0', 'aftr', /unknown name aftr/, /after\?/],
    ['after.sever.TcpOutRsts == 0', 'sever', /an observation has no sever/, /server\?/],
    ['web.queu == 2', 'queu', /a Listener has no queu/, /queue\?/],
    ['on && has(server.TcpExtNope)', 'TcpExtNope', /has\(\) asks for TcpExtNope/, undefined],
    ['server.packets.all(p, has(p.flgs))', 'flgs', /which no Packet has/, /flags\?/],
    ['server.packets.all(p, p.flgs == "x")', 'flgs', /has no flgs/, /flags\?/],
    ['backlog == 1.5 && on', 'backlog == 1.5', /int == double/, /double\(x\)/],
    ["backlog == '1'", "backlog == '1'", /int == string/, /quotes/],
    ['mni(1, 2) == 1', 'mni(1, 2', /unknown function mni/, /min\(\)\?/],
    ['min(1, 2.0) == 1', 'min(1, 2.0', /min\(\) does not take \(int, double\)/, undefined],
    ['web.queue', 'web.queue', /is an int, and it must be a bool/, /compare/],
    ["server.sysctl['net.core.somaxconn']", "server.sysctl['net.core.somaxconn']", /value of any type/, undefined],
    ['server.sysctl[web.error] == 1', 'web.error', /needs a name in quotes/, undefined],
    ['backlog = 1', '=', /not a CEL expression/, /==/],
    [
      "server.sockets.count('LISTEN', 1) == 1",
      "server.sockets.count('LISTEN', 1",
      /count\(\) does not take/,
      undefined,
    ],
  ] as const) {
    const problem = checkExpression(cel, names, 'bool');
    t.equal(problem && cel.slice(problem.start, problem.end).replace(/\)$/, ''), part, cel);
    t.match(problem?.message, message, cel);
    if (hint) t.match(problem?.hint, hint, cel);
  }
  t.match(checkExpression('   ', names, 'bool'), { message: /empty/ });
  t.match(checkExpression('later.queue == 1', names, 'bool'), { unknown: 'later' });
});

t.test('values have their CEL types: integers are exact', async (t) => {
  for (const [cel, value] of [
    ['server.packets.first().seq == 4294967295', true],
    ['7 / 2', 3],
    ['4096 - 4096 / 4 + 1', 3073],
    ['ratio * 1.5', 3],
    ['flood.times[1]', 1.5],
    ["flood.errors['ECONNRESET']", 2],
    ["server.sysctl['net.core.somaxconn'] + 1", 4097],
    ["server.sysctl['net.ipv4.tcp_rmem']", '4096 131072 6291456'],
    ["server.sysctl['net.ipv4.tcp_rto_max_ms'] == 'absent'", true],
    ['after.web.queue', 1],
    ['after.server.TcpExtListenDrops', 526],
    ['server.sent.size()', 2],
    ['server.received.size()', 1],
    ["server.packets.count('[S.]')", 2],
    ["server.packets.from('client').size() + server.packets.to('client:40000').size()", 3],
    ["server.packets.from('client:4').size()", 0],
    ['server.packets.after(0.5).before(1.6).size()', 1],
    ['server.packets.map(p, p.flags)', ['[S]', '[S.]', '[S.]']],
    ['server.sockets.local(8080).remote(40000).first().state', 'SYN-RECV'],
    ["server.sockets.count('LISTEN')", 1],
    ['min(2, 3) + max(2, 3) + abs(-4)', 9],
    ['min(2.5, 3.0)', 2.5],
    ['roundUpPow2(16) + roundUpPow2(17) + roundUpPow2(1)', 49],
    ['fires(1.004, 1.0)', true],
    ['fires(0.999, 1.0)', false],
    ['jiffies(0.2)', 0.2],
    ['jiffies(0.200001)', 0.204],
    ['fires(0.212, jiffies(0.200001))', true],
    ['fires(0.212, 0.2)', false],
    ['has(server.TcpOutRsts)', true],
    ['has(server.TcpExtPAWSOldAck)', false],
  ] as const) {
    t.equal(checkExpression(cel, names, 'dyn'), undefined, cel);
    t.strictSame(evaluate(cel), { value }, cel);
  }
  t.strictSame(evaluate('server.packets.last()'), { value: evidence.packets[2] });
});

t.test('what a kernel lacks is absent, what cannot be computed is an error', async (t) => {
  t.strictSame(evaluate('server.TcpExtPAWSOldAck == 0'), { absent: 'TcpExtPAWSOldAck' });
  t.strictSame(evaluate("server.sysctl['net.ipv4.tcp_rto_max_ms'] > 1"), { absent: 'net.ipv4.tcp_rto_max_ms' });
  t.strictSame(evaluate('backlog > 5 && server.TcpExtPAWSOldAck == 0'), { value: false }, 'the other side decides');
  t.strictSame(evaluate('1 / (backlog - 1) == 0'), { error: 'division by zero' });
  t.strictSame(evaluate('9223372036854775807 + backlog == 0'), { error: 'integer overflow: 9223372036854775808' });
  t.match(evaluate('server.packets[7].seq == 1'), { error: /index out of bounds, index 7 >= size 3/ });
  t.match(evaluate("server.packets.flags('[R]').first().seq == 1"), { error: /first\(\) of an empty list of packets/ });
  t.match(evaluate('roundUpPow2(0) == 1'), { error: /number below 1/ });
  t.match(evaluate('after.flood.sent == 1'), { error: /flood has no value/ });
  const bare = { ...scope, outcomes: {} };
  t.match(compile('web.queue == 1', names).evaluate(bare), { error: /web has no value/ });
  t.match(compile('web.queue == 1', names).evaluate({ ...scope, outcomes: { web: { queue: 1.5 } } }), {
    error: /1\.5/,
  });
});

t.test('an expression reads only what it touches', async (t) => {
  const read: string[] = [];
  const note = <T>(name: string, value: T): T => {
    read.push(name);
    return value;
  };
  const server: HostEvidence = {
    get counters() {
      return note('counters', evidence.counters);
    },
    get sockets() {
      return note('sockets', evidence.sockets);
    },
    get packets() {
      return note('packets', evidence.packets);
    },
    get sysctl() {
      return note('sysctl', evidence.sysctl);
    },
  };
  const watched = { ...scope, hosts: { server, client: server } };
  const reads = (cel: string) => {
    read.length = 0;
    compile(cel, names).evaluate(watched);
    return read.join(' ');
  };
  t.equal(reads('web.queue == 2'), '');
  t.equal(reads('server.TcpOutRsts == 0'), 'counters');
  t.equal(reads("server.sockets.count('LISTEN') == 1"), 'sockets');
  t.equal(reads("backlog == 1 || server.packets.count('[S]') == 1"), '');
  t.equal(reads("server.sent.count('[S]') == 1"), 'packets');
});

t.test('a growing capture is seen whole, and no list changes under an expression', async (t) => {
  const packets = [packet({})];
  const growing = { ...scope, hosts: { server: { ...evidence, packets }, client: evidence } };
  const count = compile('server.packets.size()', names);
  t.strictSame(count.evaluate(growing), { value: 1 });
  packets.push(packet({ flags: '[R]' }));
  t.strictSame(count.evaluate(growing), { value: 2 });
  t.strictSame(compile("server.packets.count('[R]')", names).evaluate(growing), { value: 1 });
});

t.test('an explanation puts the values in', async (t) => {
  const explain = (cel: string) => compile(cel, names).explain(scope);
  t.strictSame(explain('after.server.TcpExtListenDrops == flood.sent - (backlog + 1)'), {
    text: '526 == 540 (flood.sent 542, backlog 1)',
    measured: 'TcpExtListenDrops 526, not 540',
    values: {
      'after.server.TcpExtListenDrops': 526,
      'flood.sent - (backlog + 1)': 540,
      'flood.sent': 542,
      backlog: 1,
    },
  });
  for (const [cel, text] of [
    ['web.queue == 2 && (server.TcpOutRsts == 1 || !(backlog > 3))', '(2 == 2) && ((0 == 1) || !(1 > 3))'],
    ['on', 'true'],
    ["server.packets.count('[S.]') == backlog", '2 == 1'],
    ['server.packets.exists(p, p.length == backlog)', 'false (backlog 1)'],
    ['server.TcpExtPAWSOldAck == 0', 'absent == 0'],
    ["web.error == 'EPIPE'", '"" == "EPIPE"'],
    ['server.packets.last().at > 2.0', '1.6 > 2 (server.packets.last() 1.6 s server:8080 > client:40000 [S.])'],
    ['1 / (backlog - 1) == 0', '(division by zero) == 0 (backlog 1)'],
  ] as const) {
    t.equal(explain(cel).text, text, cel);
  }
  const many = {
    ...scope,
    hosts: { server: { ...evidence, packets: Array.from({ length: 50 }, () => packet({})) }, client: evidence },
  };
  const kept = compile('server.packets == client.packets', names).explain(many).values['server.packets'];
  t.equal(Array.isArray(kept) && kept.length, 21, 'a long list is cut');
});

t.test('the printer keeps the tree', async (t) => {
  const plain = (cel: string) =>
    JSON.stringify(parse(cel), (key, value: unknown) => {
      if (typeof value === 'bigint') return `${value}n`;
      return ['pos', 'start', 'end'].includes(key) ? undefined : value;
    });
  for (const cel of [
    'flood.sent - (backlog + 1)',
    '(a - b) - c',
    'a - (b - c)',
    '-(a + b) * 2',
    '!(a && b) || c',
    'a ? b : c ? d : e',
    "x['net.core.somaxconn'] in [1, 2, 3]",
    "l.exists(p, p.flags == '[R]' && p.seq != 0x10)",
    `{'a': 1.0, "it's": "a\\nb"}.size() == 2u`,
    "b'\\xff\\x00'.size()",
    '1.5e-7 < 2.0',
    'has(a.b.c)',
  ]) {
    t.equal(plain(print(parse(cel))), plain(cel), `${cel} -> ${print(parse(cel))}`);
  }
});

t.test('references for the record', async (t) => {
  t.strictSame(
    sysctlsIn("min(server.sysctl['a.b'], client.sysctl['a.b']) == after.server.sysctl['c.d'] && x['e'] == 1"),
    ['a.b', 'c.d'],
  );
  t.strictSame(
    [...rootsIn('after.server.packets.exists(p, p.seq == backlog) && web.queue == 1')],
    ['after', 'backlog', 'web'],
  );
});

t.test('did you mean', async (t) => {
  t.equal(nearest('lisen', ['listen', 'relisten', 'resume']), 'listen');
  t.equal(nearest('sever', ['client', 'server']), 'server');
  t.equal(nearest('OutRsts', ['TcpOutSegs', 'TcpOutRsts']), 'TcpOutRsts');
  t.equal(nearest('completely', ['different', 'words']), undefined);
});

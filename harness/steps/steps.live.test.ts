import t, { type Test } from 'tap';
import { launch, requestFor } from '../engine/fixtures/launch.ts';
import type { ScenarioRecord } from '../results/record.ts';
import { STEPS } from './registry.ts';

/** Scenarios by name; a server, a client, and what must hold. All of them run beside each other in one launch. */
const texts: Record<string, string> = {};
const looks: Record<string, (t: Test, record: ScenarioRecord) => void> = {};

function scenario(
  name: string,
  steps: string,
  laws: readonly string[],
  look?: (typeof looks)[string],
  head = '',
): void {
  const id = name.replaceAll(/[^a-z0-9]+/gi, '-');
  texts[id] = `title: ${JSON.stringify(name)}
about: A test.
hosts: { server: {}, client: {} }
${head}
steps:
${steps
  .replaceAll(/^ {2}(?=\S|$)/gm, '')
  .trim()
  .replaceAll(/^/gm, '  ')}
expect:
${laws.map((law) => `  - that: ${JSON.stringify(law)}`).join('\n')}
`;
  if (look) looks[id] = look;
}

scenario(
  'listen: the backlog is what was asked for, 0 and -1 too',
  `
  - listen: { on: server, port: 1, backlog: -1, accept: none, as: most }
  - listen: { on: server, port: 2, backlog: 0, accept: none, as: none }
  - listen: { on: server, port: 3, backlog: 1, accept: none, as: one }
  - listen: { on: server, port: 4, accept: none, as: usual }
  - listen: { on: server, port: 5, backlog: 0, as: served0 }
  - listen: { on: server, port: 6, backlog: -1, accept: 3, as: servedMost }
  - listen: { on: server, port: 7, backlog: 1, as: served1 }
  - connect: { from: client, to: none, as: first }
  - until: none.queue == 1
  - connect: { from: client, to: none, deadline: 100ms, as: second }
  - connect: { from: client, to: one, count: 2, as: both }
  - until: one.queue == 2
  - connect: { from: client, to: one, deadline: 100ms, via: libc, as: third }
  `,
  [
    `most.limit == server.sysctl['net.core.somaxconn'] && none.limit == 0 && one.limit == 1 && usual.limit == 511`,
    'served0.limit == none.limit && servedMost.limit == most.limit && served1.limit == 1',
    'most.port == 1 && most.queue == 0 && most.accepted == 0 && most.error == ""',
    'none.queue == none.limit + 1 && one.queue == one.limit + 1',
    'first.connected == 1 && both.connected == 2 && second.connected == 0 && third.connected == 0',
    'second.error == "ETIMEDOUT (application)" && third.error == second.error',
    'second.took >= 0.099 && third.took >= 0.1',
    'server.TcpExtListenOverflows == 2 && none.drops == 1 && one.drops == 1',
    'second.state == "CLOSED" && third.state == "CLOSED" && client.sockets.count("SYN-SENT") == 0',
  ],
);

scenario(
  'listen: accepts none, exactly N, all',
  `
  - listen: { on: server, port: 1, accept: none, as: none }
  - listen: { on: server, port: 2, accept: 2, as: two }
  - listen: { on: server, port: 3, accept: all, as: all }
  - connect: { from: client, to: none, count: 5, as: a }
  - connect: { from: client, to: two, count: 5, as: b }
  - connect: { from: client, to: all, count: 5, as: c }
  - until: none.queue == 5 && two.accepted == 2 && two.queue == 3 && all.accepted == 5
  - observe: after
  `,
  [
    'none.accepted == 0 && none.queue == 5 && two.accepted == 2 && two.queue == 3 && all.accepted == 5 && all.queue == 0',
    'server.TcpPassiveOpens == 15 && client.TcpActiveOpens == 15',
    'server.TcpCurrEstab == 15 && client.TcpCurrEstab == 15',
    'after.server.sockets.count("ESTAB") == 15',
    // An un-accepted connection belongs to no process.
    'after.server.sockets.local(1).filter(s, s.state == "ESTAB" && s.inode == 0).size() == 5',
    'after.server.sockets.local(2).filter(s, s.state == "ESTAB" && s.inode == 0).size() == 3',
  ],
);

scenario(
  'listen and connect: unread bytes stay in the kernel',
  `
  - listen: { on: server, port: 1, serve: echo, read: false, as: web }
  - connect: { from: client, to: web, read: false, as: c }
  - connect: { from: client, to: web, read: false, via: libc, as: d }
  - until: web.accepted == 2
  - send: { by: c, bytes: 1000, as: sent }
  - send: { by: d@server, data: hello }
  - until: server.sockets.remote(c.port).first().recvQ == 1000 && client.sockets.local(d.port).first().recvQ == 5
  - observe: before
  - receive: { by: c@server, bytes: 1000, as: got }
  - until: client.sockets.local(c.port).first().recvQ == 1000
  - observe: echoed
  - receive: { by: c, bytes: 1000, as: back }
  - receive: { by: d, data: hello, as: word }
  `,
  [
    'sent.sent == 1000 && sent.error == "" && before.c.bytes == 0 && before.d.bytes == 0 && echoed.c.bytes == 0',
    'got.bytes == 1000 && !got.timedOut && back.bytes == 1000 && c.bytes == 1000 && back.data == got.data',
    'word.data == "hello" && d.received == "hello" && d.bytes == 5',
    'client.sockets.all(s, s.recvQ == 0)',
  ],
);

scenario(
  'listen: a fixed reply to each message, an end to the end',
  `
  - listen: { on: server, port: 1, serve: { reply: PONG, to: PING }, as: web }
  - connect: { from: client, to: web, as: c }
  - send: { by: c, data: PINGPI }
  - receive: { by: c, data: PONG, as: one }
  - send: { by: c, data: NGPING }
  - receive: { by: c, data: PONGPONG, as: two }
  - shutdown: c
  - receive: { by: c, end: true, as: over }
  `,
  [
    'one.data == "PONG" && two.data == "PONGPONG" && c.received == "PONGPONGPONG"',
    'over.ended && over.data == "" && c.ended',
  ],
);

scenario(
  'relisten: another backlog for the same socket',
  `
  - listen: { on: server, port: 1, backlog: 1, accept: none, as: web }
  - observe: before
  - relisten: { listener: web, backlog: 3 }
  - connect: { from: client, to: web, count: 4, as: c }
  - until: web.queue == 4
  - observe: grown
  - relisten: { listener: web, backlog: 0 }
  `,
  [
    'before.web.limit == 1 && grown.web.limit == 3 && web.limit == 0 && web.queue == 4',
    'c.connected == 4 && server.TcpExtListenOverflows == 0',
  ],
);

scenario(
  'pause and resume: nothing is lost',
  `
  - listen: { on: server, port: 1, backlog: 10, serve: echo, as: web }
  - connect: { from: client, to: web, count: 3, as: first }
  - until: web.accepted == 3
  - pause: web
  - connect: { from: client, to: web, count: 4, as: second }
  - until: web.queue == 4
  - send: { by: second, data: kept? }
  - send: { by: first, data: alive }
  - receive: { by: first, data: alive, as: alive }
  - observe: paused
  - resume: { listener: web, accept: 2 }
  - observe: two
  - resume: web
  - receive: { by: second, data: kept?, as: kept }
  `,
  [
    'paused.web.accepted == 3 && paused.web.queue == 4 && paused.second.replies.all(r, r == "") && !alive.timedOut',
    'two.web.accepted == 5 && two.web.queue == 2 && two.web.limit == 10',
    'web.accepted == 7 && web.queue == 0 && second.replies.all(r, r == "kept?") && !kept.timedOut',
    'server.TcpPassiveOpens == 7 && server.TcpOutRsts == 0 && web.limit == 10',
  ],
);

for (const via of ['node', 'libc'])
  scenario(
    `connect by ${via}: count, pace, ports, options`,
    `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, count: 3, every: 20ms, port: 40000, via: ${via}, options: { TCP_MAXSEG: 600, IP_TTL: 9 }, as: c }
  - until: web.accepted == 3
  `,
    [
      'c.connected == 3 && c.failed == 0 && c.error == "" && c.errors == ["", "", ""] && c.code == ""',
      'c.port == 40000 && c.ports == [40000, 40001, 40002]',
      'c.state == "ESTAB" && c.states == ["ESTAB", "ESTAB", "ESTAB"] && c.lost == "" && c.losses == ["", "", ""] && !c.ended',
      'client.sent.flags("[S]").size() == 3 && client.sent.flags("[S]").all(p, p.mss == 600 && p.ttl == 9)',
    ],
    (t, { steps, packets }) => {
      const step = steps.find(({ name }) => name === 'c')!;
      t.equal(step.by, via);
      const syns = packets.filter(({ host, flags }) => host === 'client' && flags === '[S]');
      // A timer of Node may be a millisecond early, as it counts in whole ones.
      syns.forEach(({ at }, i) => t.ok(at > step.at + i * 0.02 - 0.001, `SYN ${i} is not early`));
    },
  );

for (const via of ['node', 'libc'])
  scenario(
    `connect by ${via}: refused, timed out, port in use`,
    `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: 'server:2', count: 2, via: ${via}, as: refused }
  - block: { on: server, hook: in, dport: 3, as: wall }
  - connect: { from: client, to: 'server:3', via: ${via}, options: { TCP_SYNCNT: 1 }, as: silent, beside: true }
  - connect: { from: client, to: 'server:3', via: ${via}, deadline: 300ms, as: impatient }
  - connect: { from: client, to: web, port: 40000, via: ${via}, as: holder }
  - connect: { from: client, to: web, port: 40000, via: ${via}, as: late }
  - join: silent
  `,
    [
      'refused.connected == 0 && refused.failed == 2 && refused.errors == ["ECONNREFUSED", "ECONNREFUSED"]',
      `refused.error == "ECONNREFUSED" && refused.code == ${via === 'node' ? '"ECONNREFUSED"' : '""'} && refused.lost == ""`,
      'impatient.error == "ETIMEDOUT (application)" && impatient.took > 0.299 && impatient.failed == 1',
      'silent.error == "ETIMEDOUT" && silent.failed == 1 && client.sent.flags("[S]").to("server:3").size() > 2',
      'holder.connected == 1 && late.connected == 0 && late.error == "EADDRINUSE"',
      // The timer of every SYN fires, but that of the one whose application gave up.
      'server.TcpOutRsts == 2 && client.TcpExtTCPTimeouts == client.sent.flags("[S]").to("server:3").size() - 1',
    ],
  );

scenario(
  'send and receive: text, bytes, end, error, deadline',
  `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, as: c }
  - connect: { from: client, to: web, count: 2, as: pair }
  - connect: { from: client, to: web, via: libc, as: d }
  - until: web.accepted == 4
  - send: { by: c, data: "ab\\0\\xff\\n", as: text }
  - receive: { by: c@server, data: "\\xff\\n", as: heard }
  - send: { by: c@server, bytes: 3000000, as: much }
  - receive: { by: c, bytes: 3000000, as: got }
  - send: { by: pair, data: xy, as: each }
  - receive: { by: pair@server, data: xy, as: both }
  - send: { by: d@server, data: one }
  - receive: { by: d, bytes: 2, as: one }
  - send: { by: d@server, data: two }
  - receive: { by: d, data: two, as: two }
  - receive: { by: d, bytes: 1, deadline: 50ms, as: never }
  - shutdown: c
  - receive: { by: c@server, end: true, as: end }
  - close: { by: d@server, linger: 0 }
  - receive: { by: d, error: true, as: reset }
  - close: { by: c@server, linger: 0 }
  - receive: { by: c, error: true, as: gone }
  - send: { by: d, data: late, as: late }
  `,
  [
    'text.sent == 5 && text.error == "" && heard.data == "ab\\u0000\\u00ff\\n" && heard.bytes == 5 && !heard.timedOut',
    'much.sent == 3000000 && much.error == "" && got.bytes == 3000000 && c.bytes == 3000000',
    'each.sent == 4 && both.data == "xy" && !both.timedOut',
    'one.data.startsWith("on") && two.data.endsWith("two") && d.received == "onetwo"',
    'never.timedOut && never.took > 0.049 && never.data == "" && !never.ended && never.error == ""',
    'end.ended && !end.timedOut && end.data == "" && end.error == ""',
    'reset.error == "ECONNRESET" && d.lost == "ECONNRESET" && !reset.timedOut && !reset.ended',
    'gone.error == "ECONNRESET" && c.lost == "ECONNRESET" && pair.losses == ["", ""]',
    'late.sent == 0 && late.error == "EPIPE"',
  ],
);

scenario(
  'send by libc: waits until the kernel has taken all',
  `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, via: libc, as: c }
  - until: web.accepted == 1
  - send: { by: c, bytes: 20000000, as: sent }
  - receive: { by: c@server, bytes: 20000000, as: got }
  `,
  ['sent.sent == 20000000 && sent.error == "" && got.bytes == 20000000'],
);

for (const via of ['node', 'libc'])
  scenario(
    `shutdown of a connection by ${via}`,
    `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, via: ${via}, as: r }
  - connect: { from: client, to: web, via: ${via}, as: w }
  - connect: { from: client, to: web, via: ${via}, as: b }
  - until: web.accepted == 3
  - shutdown: { by: r, how: read, as: read }
  - shutdown: { by: w, as: write }
  - shutdown: { by: b, how: both, as: both }
  - receive: { by: w@server, end: true, as: wEnd }
  - receive: { by: b@server, end: true }
  - until: w.state == "FIN-WAIT-2" && b.state == "FIN-WAIT-2"
  - observe: half
  - send: { by: w@server, data: still }
  - receive: { by: w, data: still, as: heard }
  - shutdown: { by: w@server, as: other }
  - receive: { by: w, end: true, as: over }
  - until: client.sockets.local(w.port).first().state == "TIME-WAIT"
  `,
    [
      'read.error == "" && write.error == "" && both.error == "" && other.error == "" && wEnd.ended',
      'half.r.state == "ESTAB" && half.client.sent.filter(p, p.sport == r.port && p.flags == "[F.]").size() == 0',
      'half.client.sent.count("[F.]") == 2 && half.server.sockets.count("CLOSE-WAIT") == 2',
      'heard.data == "still" && over.ended && over.error == "" && server.sent.count("[F.]") == 1',
      'client.TcpOutRsts == 0 && server.TcpOutRsts == 0',
    ],
  );

for (const via of ['node', 'libc'])
  scenario(
    `close of a connection by ${via}: FIN, RST, lingering`,
    `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, via: ${via}, as: a }
  - connect: { from: client, to: web, via: ${via}, as: b }
  - connect: { from: client, to: web, via: ${via}, as: c }
  - connect: { from: client, to: web, via: ${via}, as: d }
  - until: web.accepted == 4
  - close: { by: a, as: plain }
  - receive: { by: a@server, end: true, as: fin }
  - close: { by: b, linger: 0, as: abort }
  - receive: { by: b@server, error: true, as: rst }
  - send: { by: c, data: acked }
  - close: { by: c, linger: 9, as: quick }
  - receive: { by: c@server, data: acked, as: whole }
  - block: { on: client, hook: in, as: deaf }
  - send: { by: d, data: never }
  - close: { by: d, linger: 1, as: slow, beside: true }
  - observe: meanwhile
  - join: slow
  - observe: after
  - close: { by: d, as: again }
  `,
    [
      'plain.error == "" && abort.error == "" && quick.error == "" && slow.error == "" && again.error == "EBADF"',
      'plain.took < 0.5 && abort.took < 0.5 && quick.took < 5.0 && slow.took > 0.99 && slow.took < 3.0',
      'fin.ended && fin.error == "" && rst.error == "ECONNRESET" && !rst.ended && whole.data == "acked"',
      'client.TcpOutRsts == 1 && client.sent.count("[R.]") == 1 && after.client.TcpExtTCPAbortOnData == 1',
      // A close that waited has the FIN acknowledged when it returns; one whose time is over has not.
      'after.client.sockets.local(d.port).first().state == "FIN-WAIT-1"',
      'a.state == "FIN-WAIT-2" && b.state == "CLOSED" && c.state == "FIN-WAIT-2"',
      'meanwhile.slow.took == 0.0',
    ],
    (t, { steps, observations }) => {
      const slow = steps.find(({ name }) => name === 'slow')!;
      t.ok(observations['meanwhile']!.at < slow.at + slow.took, 'a close that blocks holds nobody else up');
    },
  );

scenario(
  'setsockopt on either end',
  `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, count: 2, as: c }
  - connect: { from: client, to: web, via: libc, as: d }
  - until: web.accepted == 3
  - setsockopt: { by: c, options: { TCP_KEEPIDLE: 100, SO_KEEPALIVE: 1 } }
  - setsockopt: { by: d@server, options: { TCP_KEEPIDLE: 200, SO_KEEPALIVE: 1 } }
  - setsockopt: { by: d, options: { IP_TTL: 7 } }
  - send: { by: d, data: x }
  - until: server.received.filter(p, p.flags == "[P.]").size() == 1
  `,
  [
    'client.sockets.filter(s, s.timer == "keepalive" && s.timerLeft > 90.0 && s.timerLeft <= 100.1).map(s, s.localPort).all(p, p in c.ports)',
    'client.sockets.filter(s, s.timer == "keepalive").size() == 2',
    'server.sockets.filter(s, s.timer == "keepalive" && s.timerLeft > 190.0).map(s, s.remotePort) == [d.port]',
    'server.received.flags("[P.]").first().ttl == 7',
  ],
);

scenario(
  'flood: an exact number, from so many sources, and a second one like no SYN before',
  `
  - sysctl: { on: server, set: { net.ipv4.tcp_syncookies: 0 } }
  - listen: { on: server, port: 1, backlog: 3, accept: none, as: web }
  - flood: { from: client, to: web, syns: 300, as: fast }
  - observe: one
  - flood: { from: client, to: web, syns: 200, sources: 10, every: 500us, as: slow }
  `,
  [
    'fast.sent == 300 && one.server.received.count("[S]") == 300 && one.server.IpInReceives == 300',
    'slow.sent == 200 && server.received.count("[S]") == 500 && server.TcpInSegs == 500 && slow.took > 0.095',
    'fast.rate > slow.rate && slow.rate <= 2200.0',
    'one.web.synQueue == 4 && server.TcpExtListenDrops == 500 - 4 && server.TcpExtTCPReqQFullDrop == 500 - 4',
    'server.TcpOutRsts == 0 && client.TcpOutRsts == 0 && client.IpOutRequests + client.IpOutTransmits >= 500',
  ],
  (t, { packets }) => {
    const syns = packets.filter(({ host, flags }) => host === 'server' && flags === '[S]');
    const sources = (from: typeof syns) => new Set(from.map(({ from: source }) => source.split(':')[0])).size;
    t.equal(sources(syns.slice(0, 300)), 300, 'the first flood: one source a SYN');
    t.equal(sources(syns.slice(300)), 10, 'the second: ten');
    t.equal(new Set(syns.map(({ from }) => from)).size, 500, 'no source address and port came twice');
    t.equal(new Set(syns.map(({ seq }) => seq)).size, 500);
    t.ok(syns.every(({ from }) => /^198\.1[89]\./.test(from)));
  },
);

scenario(
  'segment: any flags, numbers that expressions compute, spoofed, again',
  `
  - listen: { on: server, port: 1, accept: none, as: web }
  - segment: { from: client, to: web, source: 198.18.7.7, sport: 5000, flags: '[S]', seq: 4294967295, tsval: 77, win: 1000, ttl: 33, as: syn }
  - until: 'server.sent.count("[S.]") == 1'
  - segment: { from: client, to: web, source: 198.18.7.7, sport: syn.sport, flags: '[.]', seq: (syn.seq + 1) % 4294967296, ack: 'server.sent.flags("[S.]").first().seq + 1', tsval: 78, tsecr: 'server.sent.flags("[S.]").first().tsval', as: ack }
  - until: web.queue == 1
  - segment: { from: client, to: web, source: 198.18.7.7, sport: 5000, flags: '[P.]', seq: ack.seq, ack: ack.ack, data: hello, tsval: 79 }
  - until: server.sockets.remote(5000).first().recvQ == 5
  - observe: open
  - segment: { from: client, to: 'server:9', source: 198.18.7.7, sport: 5001, flags: '[none]' }
  - segment: { from: client, to: 'server:9', source: 198.18.7.7, sport: 5001, flags: '[FSRPUEW.]', as: tree }
  - segment: { from: client, to: 'server:9', source: 198.18.7.7, sport: 5001, flags: '[.]', ack: 1234, repeat: 3, every: 20ms }
  - until: server.sent.count("[R]") == 3
  - segment: { from: client, again: 'client.sent.flags("[P.]").first()', as: twice }
  - until: server.TcpExtTCPDSACKOldSent == 0 && server.sent.filter(p, p.dport == 5000 && p.flags == "[.]").size() == 2
  `,
  [
    'syn.error == "" && ack.error == "" && twice.error == "" && tree.error == "" && twice.seq == 0 && twice.sport == 5000',
    'server.received.flags("[S]").first().from == "198.18.7.7:5000" && server.received.flags("[S]").first().tsval == 77',
    'server.received.flags("[S]").first().win == 1000 && server.received.flags("[S]").first().ttl == 33',
    'server.sent.flags("[S.]").first().ack == 0 && server.sent.flags("[S.]").first().tsecr == 77 && ack.seq == 0',
    'open.server.sockets.remote(5000).first().state == "ESTAB" && open.server.TcpPassiveOpens == 1',
    'server.received.flags("[P.]").size() == 2 && server.received.flags("[P.]").all(p, p.payload == "hello" && p.length == 5)',
    'server.sockets.remote(5000).first().recvQ == 5',
    'server.received.filter(p, p.sport == 5001).size() == 5 && server.sent.flags("[R]").all(p, p.seq == 1234)',
    'server.received.count("[none]") == 1',
    'server.received.filter(p, p.ack == 1234)[2].at - server.received.filter(p, p.ack == 1234)[0].at > 0.035',
    'client.TcpOutRsts == 0',
  ],
);

scenario(
  'block: drops, rejects, counts, passes again',
  `
  - listen: { on: server, port: 1, as: web }
  - listen: { on: server, port: 2, as: two }
  - block: { on: server, hook: in, dport: 1, flags: '[S]', first: 2, as: some }
  - connect: { from: client, to: web, count: 4, deadline: 200ms, as: four }
  - block: { on: server, hook: in, dport: 2, action: reset, as: reset }
  - connect: { from: client, to: two, as: byReset }
  - unblock: reset
  - block: { on: server, hook: in, from: client, action: port-unreachable, as: port }
  - connect: { from: client, to: two, as: byPort }
  - unblock: port
  - block: { on: server, hook: in, to: server, action: host-unreachable, as: unreachable }
  - connect: { from: client, to: two, as: byHost }
  - unblock: unreachable
  - block: { on: server, hook: in, action: admin-prohibited, as: admin }
  - connect: { from: client, to: two, as: byAdmin }
  - unblock: admin
  - block: { on: server, hook: out, sport: 2, flags: '[S.]', as: mute }
  - connect: { from: client, to: two, deadline: 100ms, as: deaf }
  - unblock: mute
  - connect: { from: client, to: two, via: libc, as: fine }
  `,
  [
    'some.hits == 2 && four.connected == 2 && four.failed == 2',
    'byReset.error == "ECONNREFUSED" && byPort.error == "ECONNREFUSED" && byHost.error == "EHOSTUNREACH" && byAdmin.error == "EHOSTUNREACH"',
    'reset.hits == 1 && port.hits == 1 && unreachable.hits == 1 && admin.hits == 1 && mute.hits == 1',
    'client.received.count("[R.]") == 1 && client.received.count("[icmp 3/3]") == 1',
    'client.received.count("[icmp 3/1]") == 1 && client.received.count("[icmp 3/13]") == 1',
    'deaf.error == "ETIMEDOUT (application)" && client.received.count("[S.]") == 3 && fine.connected == 1',
    'client.IcmpInDestUnreachs == 3 && client.IcmpMsgInType3 == 3',
  ],
);

scenario(
  'exec: exit code, output, files, input, addresses',
  `
  - listen: { on: server, port: 80, serve: { reply: "HTTP/1.0 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok", to: "\\r\\n\\r\\n" }, as: web }
  - exec: { on: client, run: [sh, -c, 'cat in.txt; echo wrong >&2; exit 3'], files: { in.txt: 'from a file' }, as: three }
  - exec: { on: client, run: [cat], stdin: "a\\nb", as: copied }
  - exec: { on: client, run: [echo, { address: server }, { url: web, path: /x }, 7], as: told }
  - exec: { on: client, run: [curl, -s, { url: web, path: /y }], as: curl }
  - exec: { on: server, run: [sh, -c, 'kill -SEGV $$'], as: crash }
  - exec: { on: client, run: [sh, -c, 'head -c 3000000 /dev/zero | tr "\\0" x'], as: much }
  - exec: { on: client, run: [sh, -c, 'cat in.txt; ip -o link | wc -l; touch /etc/x || true'], as: same }
  `,
  [
    'three.exit == 3 && three.stdout == "from a file" && three.stderr == "wrong\\n" && three.signal == "" && !three.running',
    'copied.exit == 0 && copied.stdout == "a\\nb" && three.pid > 0 && copied.pid != three.pid && copied.took > 0.0',
    'told.stdout.matches("^[0-9.]+ http://[0-9.]+:80/x 7\\n$")',
    'curl.stdout == "ok" && server.received.filter(p, p.payload.startsWith("GET /y HTTP/1.1")).size() == 1',
    'crash.exit == -1 && crash.signal == "SIGSEGV"',
    'much.exit == 0 && size(much.stdout) >= 1048576',
    // The folder stays from one program to the next; lo and eth0 are all the links there are; the machine's files are read-only.
    'same.stdout == "from a file2\\n" && same.stderr.contains("Read-only file system")',
  ],
  (t, { steps, hosts }) => {
    const told = steps.find(({ name }) => name === 'told')?.outcome['stdout'];
    const { address } = hosts['server']!;
    t.equal(told, `${address} http://${address}:80/x 7\n`);
  },
);

const sleepers = (seconds: number) =>
  `[sh, -c, 'for p in /proc/[0-9]*/cmdline; do tr "\\0" " " <$p; echo; done 2>&- | grep -c "^sleep ${seconds} "']`;

scenario(
  'exec: the deadline kills the whole group',
  `
  - exec: { on: client, run: [sh, -c, 'sleep 987651 & (sleep 987651 & wait) & wait'], deadline: 1s, as: group, beside: true }
  - exec: { on: client, run: [sh, -c, 'until [ $(grep -al "^sleep.987651" /proc/[0-9]*/cmdline 2>&- | wc -l) = 2 ]; do :; done'], as: up }
  - exec: { on: client, run: ${sleepers(987651)}, as: before }
  - join: group
  - exec: { on: client, run: ${sleepers(987651)}, as: after }
  `,
  [
    'up.exit == 0 && before.stdout == "2\\n" && after.stdout == "0\\n"',
    'group.exit == -1 && group.signal == "SIGKILL" && group.took >= 0.999 && !group.running',
  ],
);

scenario(
  'kill: ends, stops and continues a program',
  `
  - exec: { on: client, run: [sleep, 987652], as: a, beside: true }
  - exec: { on: client, run: [sh, -c, 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'], as: b, beside: true }
  - until: b.stdout == "ready\\n"
  - observe: before
  - kill: { program: a, signal: SIGSTOP }
  - exec: { on: client, run: [sh, -c, 'read -r p; cut -d" " -f3 /proc/$p/stat'], as: who, stdin: '0' }
  - kill: { program: a, signal: SIGCONT }
  - kill: { program: a, signal: SIGINT }
  - kill: b
  `,
  [
    'before.a.running && before.a.exit == -1 && before.a.signal == "" && before.b.running',
    'a.signal == "SIGINT" && a.exit == -1 && !a.running && b.exit == 7 && b.signal == "" && !b.running',
    'a.took > before.a.took',
  ],
);

const http = `serve: { reply: "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok", to: "\\r\\n\\r\\n" }`;

scenario(
  'request: a pool of kept connections, or one each',
  `
  - listen: { on: server, port: 80, ${http}, as: web }
  - listen: { on: server, port: 81, serve: nothing, as: mute }
  - listen: { on: server, port: 82, serve: { reply: "HTTP/1.1 503 No\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n", to: "\\r\\n\\r\\n" }, as: busy }
  - request: { from: client, to: web, count: 3, path: /kept, headers: { X-One: two }, as: kept }
  - request: { from: client, to: web, count: 2, as: more }
  - request: { from: client, to: web, count: 3, connection: close, as: single }
  - request: { from: client, to: web, method: POST, body: "1234\\r\\n\\r\\n", connection: close, as: post }
  - request: { from: client, to: mute, deadline: 150ms, as: silent }
  - request: { from: client, to: 'server:83', as: refused }
  - request: { from: client, to: busy, as: busy2 }
  `,
  [
    'kept.status == 200 && kept.statuses == [200, 200, 200] && kept.body == "ok" && kept.connections == 1 && kept.attempts == 3 && kept.reused',
    'more.connections == 0 && more.statuses == [200, 200] && more.reused',
    'single.connections == 3 && single.statuses == [200, 200, 200] && !single.reused && post.status == 200 && post.connections == 1',
    'web.accepted == 5 && kept.error == "" && kept.code == "" && kept.took > 0.0',
    'server.received.filter(p, p.payload.startsWith("GET /kept HTTP/1.1\\r\\n") && p.payload.contains("X-One: two")).size() == 3',
    'server.received.filter(p, p.payload.startsWith("POST / HTTP/1.1") && p.payload.contains("ontent-length: 8") || p.payload.contains("Content-Length: 8")).size() == 1',
    'silent.error == "ETIMEDOUT (application)" && silent.status == 0 && silent.took > 0.149 && silent.statuses == [0]',
    'refused.error == "ECONNREFUSED" && refused.code == "ECONNREFUSED" && refused.attempts == 1 && refused.status == 0',
    'busy2.status == 503 && busy2.body == ""',
  ],
);

for (const { what, args, law } of [
  {
    what: 'GET, never',
    args: 'retry: never',
    law: 'second.error == "ECONNRESET" && second.attempts == 1 && second.connections == 0',
  },
  {
    what: 'GET',
    args: 'retry: replayable',
    law: 'second.status == 200 && second.attempts == 2 && second.connections == 1',
  },
  {
    what: 'POST',
    args: 'retry: replayable, method: POST, body: x',
    law: 'second.error == "ECONNRESET" && second.attempts == 1',
  },
  {
    what: 'POST with a key',
    args: 'retry: replayable, method: POST, body: x, headers: { Idempotency-Key: k }',
    law: 'second.status == 200 && second.attempts == 2',
  },
])
  scenario(
    `request: retried or not: ${what}`,
    `
  - listen: { on: server, port: 80, ${http}, as: web }
  - request: { from: client, to: web, as: warm }
  - block: { on: server, hook: in, flags: '[.]', first: 1, action: reset, as: wall }
  - request: { from: client, to: web, ${args}, as: second }
  `,
    ['warm.status == 200 && !warm.reused && wall.hits >= 1', law, 'second.reused == (second.attempts == 1)'],
  );

scenario(
  'observe keeps a moment, sysctl and join act, time passes',
  `
  - observe: start
  - sysctl: { on: server, set: { net.core.somaxconn: { value: 2, because: a test }, net.ipv4.tcp_rmem: 4096 50000 60000 } }
  - listen: { on: server, port: 1, accept: none, as: web }
  - connect: { from: client, to: web, count: 3, as: c }
  - until: web.queue == 3
  - observe: mid
  - wait: { for: 100ms, because: a test }
  - block: { on: server, hook: in, as: wall }
  - connect: { from: client, to: web, deadline: 300ms, as: slow, beside: true }
  - observe: running
  - join: slow
  - join: slow
  - unblock: wall
  `,
  [
    `start.server.sysctl['net.core.somaxconn'] == 4096 && server.sysctl['net.core.somaxconn'] == 2`,
    `server.sysctl['net.ipv4.tcp_rmem'] == "4096\\t50000\\t60000"`,
    'mid.web.limit == 2 && mid.web.queue == 3 && mid.server.TcpPassiveOpens == 3 && start.server.TcpPassiveOpens == 0',
    'start.server.packets.size() == 0 && mid.server.packets.size() == 9 && mid.client.sockets.size() == 3',
    'mid.c.connected == 3 && running.slow.failed == 0 && running.slow.connected == 0 && slow.failed == 1',
    'server.packets.size() > mid.server.packets.size()',
  ],
  (t, { steps }) => {
    const wait = steps.find(({ kind }) => kind === 'wait')!;
    t.ok(wait.took > 0.098 && wait.took < 5, 'wait takes its time');
    const join = steps.findLastIndex(({ kind }) => kind === 'join');
    t.ok(steps[join - 1]!.took > 0.1, 'the first join waited');
    t.ok(steps[join]!.took < 0.05, 'the second had nothing to wait for');
    t.same(
      steps.map(({ by }) => by),
      [
        'harness',
        'harness',
        'libc',
        'node',
        'harness',
        'harness',
        'harness',
        'program',
        'node',
        'harness',
        'harness',
        'harness',
        'program',
      ],
      'who made the system calls',
    );
  },
);

scenario(
  'beside, repeat and every are for any step',
  `
  - listen: { on: server, port: 1, as: web }
  - connect: { from: client, to: web, repeat: 3, as: c }
  - segment: { from: client, to: 'server:9', sport: 7, flags: '[S]', repeat: 4, every: 25ms, as: knock, beside: true }
  - until: web.accepted == 3
  - observe: early
  - join: knock
  `,
  [
    'web.accepted == 3 && server.TcpPassiveOpens == 3 && c.connected == 1 && client.sockets.count("ESTAB") == 3',
    'early.server.received.to("server:9").size() < 4 && server.received.to("server:9").size() == 4',
    'server.received.to("server:9")[3].at - server.received.to("server:9")[0].at > 0.07',
    'server.TcpOutRsts == 4',
  ],
  (t, { steps }) => t.equal(steps.length, 6, 'one entry a step'),
);

const { request, of } = await launch(requestFor(texts));

t.test('every step kind is here', async (t) => {
  const used = new Set(request.plans.flatMap(({ steps }) => steps.map(({ kind }) => kind)));
  t.same(
    STEPS.map(({ kind }) => kind).filter((kind) => !used.has(kind)),
    [],
  );
});

for (const id of Object.keys(texts))
  t.test(id, async (t) => {
    const [record] = of(id);
    if (!record) throw new Error('no record');
    if (record.reason.code === 'program') {
      t.pass('not taken', { skip: record.reason.text });
      return;
    }
    t.equal(record.verdict, 'passed', record.reason.text);
    for (const { verdict, that, text } of record.expectations) t.equal(verdict, 'held', `${that}: ${text}`);
    looks[id]?.(t, record);
  });

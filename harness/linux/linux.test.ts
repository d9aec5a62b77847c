import t from 'tap';
import { formatIpv4, ipv4, macBytes, readSockaddrIn, sockaddrIn } from './address.ts';
import { errnoName, SyscallError } from './errno.ts';
import { attribute, decode, encode, findAttribute, nested, NLM_F, text, u32 } from './netlink.ts';
import { setOptions, SOCKET_OPTIONS } from './socket-options.ts';
import { readSocketRow } from './socket-row.ts';
import {
  accept,
  close,
  connect,
  getInt,
  listen,
  localAddress,
  recv,
  send,
  tcpInfo,
  tcpSocket,
  bind,
} from './sockets.ts';
import { sysctlPath } from './sysctl.ts';

t.test('names and addresses', async (t) => {
  t.equal(errnoName(0), '');
  t.equal(errnoName(11), 'EAGAIN', 'the usual name of two');
  t.equal(errnoName(98), 'EADDRINUSE');
  t.equal(errnoName(4000), 'errno 4000');
  t.match(new SyscallError('bind', 98, '192.0.2.1:80'), { message: 'bind: EADDRINUSE (192.0.2.1:80)', number: 98 });
  t.equal(sockaddrIn('192.0.2.1', 8888).toString('hex'), '020022b8c00002010000000000000000');
  t.strictSame(readSockaddrIn(sockaddrIn('192.0.2.1', 8888)), { address: '192.0.2.1', port: 8888 });
  t.equal(formatIpv4(ipv4('198.18.0.255')), '198.18.0.255');
  for (const wrong of ['', '192.0.2', '::1', 'localhost']) t.throws(() => ipv4(wrong), TypeError);
  t.throws(() => macBytes('02:00'), TypeError);
  t.equal(sysctlPath('net.ipv4.conf.eth0.rp_filter'), '/proc/sys/net/ipv4/conf/eth0/rp_filter');
});

t.test('netlink messages', async (t) => {
  const body = Buffer.alloc(4, 7);
  const request = {
    type: 16,
    flags: NLM_F.ACK,
    body,
    attributes: [attribute(3, text('eth0')), nested(18, u32(9))],
    about: '',
  };
  const bytes = encode(request, 5);
  // Header 16, body 4, attribute 4 + 5 rounded up to 12, nested 4 + 4.
  t.equal(bytes.length, 40);
  t.equal(bytes.toString('hex', 0, 16), '280000001000050005000000' + '00000000');
  const [first, second, ...more] = [...decode(Buffer.concat([bytes, encode(request, 6)]))];
  t.strictSame(more, []);
  t.match(first, { type: 16, sequence: 5 });
  t.match(second, { type: 16, sequence: 6 });
  t.equal(first && findAttribute(first.payload, 4, 3)?.toString(), 'eth0\0');
  t.equal(first && findAttribute(first.payload, 4, 18)?.readUInt32LE(0), 9, 'the nested flag is no part of the type');
  t.equal(first && findAttribute(first.payload, 4, 4), undefined);
});

t.test('a row of the socket table', async (t) => {
  const message = Buffer.alloc(72);
  message.set([10, 12, 1, 2]); // AF_INET6, TCP_NEW_SYN_RECV, a timer, two retransmissions
  message.writeUInt16BE(80, 4);
  message.set([0x20, 0x01, 0x0d, 0xb8], 8);
  message[23] = 1;
  message.writeUInt32LE(880, 52);
  t.match(readSocketRow(message), {
    state: 'SYN-RECV',
    localAddress: '2001:db8::1',
    localPort: 80,
    remoteAddress: '::',
    timer: 'on',
    timerLeft: 0.88,
    retransmits: 2,
    drops: -1,
  });
  const memory = Buffer.alloc(36);
  memory.writeUInt32LE(41, 32);
  t.equal(readSocketRow(Buffer.concat([message, attribute(7, memory)])).drops, 41);
});

t.test('sockets over loopback', async (t) => {
  const server = tcpSocket();
  const client = tcpSocket();
  t.teardown(() => [server, client].forEach(close));
  bind(server, '127.0.0.1', 0);
  listen(server, 0);
  t.equal(accept(server), undefined, 'nobody yet');
  const { port } = localAddress(server);
  t.throws(() => bind(client, '127.0.0.1', port), new SyscallError('bind', 98, `127.0.0.1:${port}`));
  t.equal(connect(client, '127.0.0.1', port), 'EINPROGRESS');
  t.match(tcpInfo(server), { state: 'LISTEN', unacked: 1, sacked: 0 });
  const accepted = accept(server);
  if (accepted === undefined) throw new Error('nothing was accepted');
  setOptions(client, { TCP_NODELAY: 1, SO_LINGER: 0 });
  t.equal(getInt(client, 6, 1), 1);
  t.throws(() => setOptions(client, { SO_NOPE: 1 }), /unknown socket option SO_NOPE/);
  t.equal(SOCKET_OPTIONS['SO_LINGER']?.kind, 'linger');
  t.strictSame(send(accepted, Buffer.from('hello')), { sent: 5, errno: '' });
  const buffer = Buffer.alloc(10);
  t.strictSame(recv(client, buffer), { received: 5, errno: '' });
  t.equal(buffer.toString('latin1', 0, 5), 'hello');
  const reset = tcpSocket();
  t.equal(connect(reset, '127.0.0.1', port), 'EINPROGRESS');
  const second = accept(server);
  setOptions(reset, { SO_LINGER: 0 });
  close(reset);
  t.strictSame(second === undefined ? undefined : recv(second, buffer), { received: 0, errno: 'ECONNRESET' });
  if (second !== undefined) close(second);
  close(accepted);
});

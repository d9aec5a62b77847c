import type { Packet } from './model.ts';

function optionsOf(packet: Packet): string {
  const options: string[] = [];
  if (packet.mss >= 0) options.push(`mss ${packet.mss}`);
  if (packet.sackPermitted) options.push('sackOK');
  if (packet.tsval >= 0) options.push(`TS val ${packet.tsval} ecr ${packet.tsecr}`);
  if (packet.wscale >= 0) options.push(`wscale ${packet.wscale}`);
  return options.length === 0 ? '' : `, options [${options.join(',')}]`;
}

function bodyOf(packet: Packet): string {
  const { flags, seq, ack, win, length } = packet;
  if (flags.startsWith('[icmp')) return `quotes ${packet.sport} > ${packet.dport} seq ${seq}`;
  const range = length > 0 ? `${seq}:${(seq + length) % 2 ** 32}` : String(seq);
  const acknowledges = flags.includes('.') ? ` ack ${ack},` : '';
  return `seq ${range},${acknowledges} win ${win}${optionsOf(packet)}, length ${length}`;
}

/**
 * A packet on one line, close to tcpdump's: `0.000123 client:40000 > server:8888 [S] seq 1, win 64240, length 0`.
 * Seconds since the lab was up, absolute sequence numbers, and the window as on the wire (not scaled).
 */
export function packetLine(packet: Packet): string {
  return `${packet.at.toFixed(6)} ${packet.from} > ${packet.to} ${packet.flags} ${bodyOf(packet)}`;
}

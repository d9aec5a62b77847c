import type { ExpectationOfRecord, PacketOfRecord, ScenarioRecord } from '../results/record.ts';

const AROUND = 12;

/** One packet of a record as tcpdump would print it: `0.000123 client:40000 > server:8888 [S], seq 1, length 0`. */
export function packetLine({ at, from, to, flags, seq, ack, length }: PacketOfRecord): string {
  // Everything but a first SYN, an RST without ACK and ICMP acknowledges something.
  const acknowledges = /^\[[A-Z]*\.\]$/.test(flags) ? `, ack ${ack}` : '';
  return `${at.toFixed(6)} ${from} > ${to} ${flags}, seq ${seq}${acknowledges}, length ${length}`;
}

/** The packets to look at for a broken expectation: those that it names, else the last before the moment that it is about. */
export function packetsAround(record: ScenarioRecord, { that, packets }: ExpectationOfRecord): PacketOfRecord[] {
  if (packets) return packets.flatMap((index) => record.packets[index] ?? []);
  const moments = Object.entries(record.observations)
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(that))
    .map(([, { at }]) => at);
  const moment = moments.length > 0 ? Math.max(...moments) : Infinity;
  return lastPackets(record.packets.filter(({ at }) => at <= moment));
}

/** The last few, each once. */
export const lastPackets = (packets: readonly PacketOfRecord[]): PacketOfRecord[] => sentOnly(packets).slice(-AROUND);

/** Both ends capture a packet: its sender's copy tells all, but for what came from outside the hosts. */
export function sentOnly(packets: readonly PacketOfRecord[]): PacketOfRecord[] {
  const key = ({ from, to, flags, seq, ack, length }: PacketOfRecord) => [from, to, flags, seq, ack, length].join(' ');
  const sent = new Set(packets.filter(({ out }) => out).map(key));
  return packets.filter((packet) => packet.out || !sent.has(key(packet)));
}

import type { Packet, SocketRow } from './model.ts';

type Packets = readonly Packet[];
type Sockets = readonly SocketRow[];

/** `client` and `client:40000` both name the end `client:40000`. */
const isEnd = (end: string, wanted: string): boolean => end === wanted || end.slice(0, end.lastIndexOf(':')) === wanted;

/** Packets with exactly these flags, as tcpdump prints them: `[S]`, `[S.]`, `[icmp 3/1]`. */
export const packetsWithFlags = (packets: Packets, flags: string): Packet[] =>
  packets.filter((packet) => packet.flags === flags);

/** Packets that come from a host or address (`client`), or from one of its ports (`client:40000`). */
export const packetsFrom = (packets: Packets, end: string): Packet[] => packets.filter(({ from }) => isEnd(from, end));

export const packetsTo = (packets: Packets, end: string): Packet[] => packets.filter(({ to }) => isEnd(to, end));

/** Packets later than so many seconds after the lab was up. */
export const packetsAfter = (packets: Packets, seconds: number): Packet[] => packets.filter(({ at }) => at > seconds);

export const packetsBefore = (packets: Packets, seconds: number): Packet[] => packets.filter(({ at }) => at < seconds);

/** Sockets in a state as `ss` prints it: `SYN-RECV`, `ESTAB`. */
export const socketsInState = (sockets: Sockets, state: string): SocketRow[] =>
  sockets.filter((socket) => socket.state === state);

export const socketsWithLocalPort = (sockets: Sockets, port: number): SocketRow[] =>
  sockets.filter(({ localPort }) => localPort === port);

export const socketsWithRemotePort = (sockets: Sockets, port: number): SocketRow[] =>
  sockets.filter(({ remotePort }) => remotePort === port);

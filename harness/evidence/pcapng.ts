/** Packets start at their IPv4 header. The number that tcpdump reads with any count of interfaces. */
export const LINKTYPE_IPV4 = 228;

export interface PcapngFile {
  /**
   * In the order of their numbers; 0 (the default) is a snaplen without limit, the link type is IPV4 unless given.
   * Both must be the same for all interfaces: libpcap refuses anything else.
   */
  interfaces: readonly { name: string; linktype?: number; snaplen?: number }[];
  application: string;
  comment?: string;
}

export interface PcapngPacket {
  /** Index into the interfaces. */
  interface: number;
  /** Nanoseconds since 1970. */
  realtimeNanoseconds: bigint;
  /** From the IP header on, possibly cut. */
  bytes: Uint8Array;
  /** Length before the cut. */
  wireLength: number;
  /** True when the interface's host sent it. */
  out: boolean;
  comment?: string;
}

/** Codes of draft-ietf-opsawg-pcapng: block types (4), and options of all blocks (3.5) and of each (4.1 to 4.3). */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, enhancedPacket: 6 } as const;
const OPTION = { end: 0, comment: 1, name: 2, flags: 2, application: 4, resolution: 9 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const NANOSECONDS = 9;
const INBOUND = 1;
const OUTBOUND = 2;
const PACKET_FRAME = 32;
const FLAGS_OPTION = 8;
const END_OPTION = 4;

const padded = (length: number): number => (length + 3) & ~3;

function option(code: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

function block(type: number, body: Buffer, options: readonly Buffer[]): Buffer {
  const content = Buffer.concat([body, ...options, option(OPTION.end, Buffer.alloc(0))]);
  const frame = Buffer.alloc(8 + content.length + 4);
  frame.writeUInt32LE(type, 0);
  frame.writeUInt32LE(frame.length, 4);
  frame.set(content, 8);
  frame.writeUInt32LE(frame.length, frame.length - 4);
  return frame;
}

/** The section header and a description of each interface, with stamps in nanoseconds; RangeError when interfaces differ. */
export function pcapngHeader({ interfaces, application, comment }: PcapngFile): Buffer {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  section.writeUInt16LE(1, 4);
  section.writeBigInt64LE(-1n, 8);
  const options = [option(OPTION.application, Buffer.from(application))];
  if (comment !== undefined) options.unshift(option(OPTION.comment, Buffer.from(comment)));
  const bodies = interfaces.map(({ linktype, snaplen }) => {
    const body = Buffer.alloc(8);
    body.writeUInt16LE(linktype ?? LINKTYPE_IPV4, 0);
    body.writeUInt32LE(snaplen ?? 0, 4);
    return body;
  });
  const [first] = bodies;
  if (first !== undefined && bodies.some((body) => !body.equals(first)))
    throw new RangeError('pcapng: all interfaces need the same link type and snaplen, or tcpdump cannot read the file');
  const descriptions = interfaces.map(({ name }, index) => {
    const body = bodies[index] ?? Buffer.alloc(8);
    const resolution = option(OPTION.resolution, Buffer.of(NANOSECONDS));
    return block(BLOCK.interface, body, [option(OPTION.name, Buffer.from(name)), resolution]);
  });
  return Buffer.concat([block(BLOCK.section, section, options), ...descriptions]);
}

function packetLength({ bytes, comment }: PcapngPacket): number {
  const commentOption = comment === undefined ? 0 : 4 + padded(Buffer.byteLength(comment));
  return PACKET_FRAME + padded(bytes.length) + FLAGS_OPTION + commentOption + END_OPTION;
}

/** Writes into zeroed memory: the padding and the end of the options stay as they are. */
function writePacket(into: Buffer, start: number, packet: PcapngPacket): number {
  const length = packetLength(packet);
  const { bytes, realtimeNanoseconds: stamp } = packet;
  into.writeUInt32LE(BLOCK.enhancedPacket, start);
  into.writeUInt32LE(length, start + 4);
  into.writeUInt32LE(packet.interface, start + 8);
  into.writeUInt32LE(Number(stamp >> 32n), start + 12);
  into.writeUInt32LE(Number(stamp & 0xffff_ffffn), start + 16);
  into.writeUInt32LE(bytes.length, start + 20);
  into.writeUInt32LE(packet.wireLength, start + 24);
  into.set(bytes, start + 28);
  let at = start + 28 + padded(bytes.length);
  into.writeUInt16LE(OPTION.flags, at);
  into.writeUInt16LE(4, at + 2);
  into.writeUInt32LE(packet.out ? OUTBOUND : INBOUND, at + 4);
  at += FLAGS_OPTION;
  if (packet.comment !== undefined) {
    const text = option(OPTION.comment, Buffer.from(packet.comment));
    into.set(text, at);
  }
  into.writeUInt32LE(length, start + length - 4);
  return length;
}

/** One enhanced packet block. For many packets see PcapngWriter. */
export function pcapngPacket(packet: PcapngPacket): Buffer {
  const bytes = Buffer.alloc(packetLength(packet));
  writePacket(bytes, 0, packet);
  return bytes;
}

/** A whole file in one growing buffer. */
export class PcapngWriter {
  #buffer: Buffer;
  #used: number;

  constructor(file: PcapngFile) {
    this.#buffer = pcapngHeader(file);
    this.#used = this.#buffer.length;
  }

  add(packet: PcapngPacket): void {
    const needed = this.#used + packetLength(packet);
    if (needed > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#buffer.length * 2, 65536));
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
    }
    this.#used += writePacket(this.#buffer, this.#used, packet);
  }

  /** What was written so far; later packets do not change it. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }
}

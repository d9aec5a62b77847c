/** Netlink messages, netlink(7): a 16-byte header, a fixed body, attributes aligned to 4 bytes; all in the machine's byte order. */

export const NLM_F = {
  REQUEST: 1,
  ACK: 4,
  REPLACE: 0x100,
  EXCL: 0x200,
  DUMP: 0x300,
  CREATE: 0x400,
  APPEND: 0x800,
} as const;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
const HEADER = 16;
const NLA_F_NESTED = 0x8000;

const aligned = (length: number): number => (length + 3) & ~3;

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

export function attribute(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(aligned(4 + payload.length));
  bytes.writeUInt16LE(4 + payload.length, 0);
  bytes.writeUInt16LE(type, 2);
  payload.copy(bytes, 4);
  return bytes;
}

export function nested(type: number, ...parts: Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(parts));
}

export interface Request {
  type: number;
  flags: number;
  body: Buffer;
  attributes?: Buffer[];
  /** Said in the error when the kernel refuses it. */
  about: string;
}

export function encode(request: Request, sequence: number): Buffer {
  const payload = Buffer.concat([request.body, ...(request.attributes ?? [])]);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(HEADER + payload.length, 0);
  header.writeUInt16LE(request.type, 4);
  header.writeUInt16LE(request.flags | NLM_F.REQUEST, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, payload], aligned(HEADER + payload.length));
}

export interface Reply {
  type: number;
  sequence: number;
  /** After the header; a view of the receive buffer, valid until the next receive. */
  payload: Buffer;
}

export function* decode(datagram: Buffer): Generator<Reply> {
  for (let at = 0; at + HEADER <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER) return;
    yield {
      type: datagram.readUInt16LE(at + 4),
      sequence: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + HEADER, at + length),
    };
    at += aligned(length);
  }
}

/** The payload of the attribute of that type, among those that begin at `from`. */
export function findAttribute(payload: Buffer, from: number, type: number): Buffer | undefined {
  for (let at = from; at + 4 <= payload.length;) {
    const length = payload.readUInt16LE(at);
    if (length < 4) return undefined;
    if ((payload.readUInt16LE(at + 2) & 0x3fff) === type) return payload.subarray(at + 4, at + length);
    at += aligned(length);
  }
  return undefined;
}

/** The options of a segment that reports show; -1 or false where the segment lacks one. */
export interface TcpOptions {
  tsval: number;
  tsecr: number;
  wscale: number;
  mss: number;
  sackPermitted: boolean;
}

/** Option kinds: RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 2. */
export const KIND = { end: 0, noOperation: 1, mss: 2, windowScale: 3, sackPermitted: 4, timestamps: 8 } as const;

/** The options between two offsets; those that a cut or a wrong length breaks are absent. */
export function readOptions(bytes: Buffer, start: number, end: number): TcpOptions {
  const options: TcpOptions = { tsval: -1, tsecr: -1, wscale: -1, mss: -1, sackPermitted: false };
  let at = start;
  while (at < end) {
    const kind = bytes.readUInt8(at);
    if (kind === KIND.end) break;
    if (kind === KIND.noOperation) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? bytes.readUInt8(at + 1) : 0;
    if (length < 2 || at + length > end) break;
    if (kind === KIND.mss && length === 4) options.mss = bytes.readUInt16BE(at + 2);
    else if (kind === KIND.windowScale && length === 3) options.wscale = bytes.readUInt8(at + 2);
    else if (kind === KIND.sackPermitted && length === 2) options.sackPermitted = true;
    else if (kind === KIND.timestamps && length === 10) {
      options.tsval = bytes.readUInt32BE(at + 2);
      options.tsecr = bytes.readUInt32BE(at + 6);
    }
    at += length;
  }
  return options;
}

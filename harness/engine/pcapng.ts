import { createHash } from 'node:crypto';
import { pcapngHeader, pcapngPacket } from '../evidence/pcapng.ts';
import type { Lab } from '../host/lab.ts';
import type { ScenarioRecord } from '../results/record.ts';
import type { Plan } from '../scenario/model.ts';
import type { Emit } from './emit.ts';

const PIECE = 1 << 20;

/** Sends everything that the hosts captured, in the order of time, as pieces of one pcapng file. */
export function emitPcapng(lab: Lab, plan: Plan, record: number, emit: Emit): ScenarioRecord['pcapng'] {
  const hosts = [...lab.hosts.values()];
  const hash = createHash('sha256');
  let pieces: Buffer[] = [];
  let bytes = 0;
  const flush = () => {
    const data = Buffer.concat(pieces);
    hash.update(data);
    emit({ type: 'pcapng', record, data: data.toString('base64') });
    [pieces, bytes] = [[], 0];
  };
  const add = (block: Buffer) => {
    pieces.push(block);
    bytes += block.length;
    if (bytes >= PIECE) flush();
  };
  add(pcapngHeader({ interfaces: hosts.map(({ name }) => ({ name, snaplen: 190 })), application: 'tcplab', comment: plan.id }));
  const frames = hosts.flatMap(({ capture }, index) => capture.frames.map((frame) => ({ index, frame })));
  frames.sort((a, b) => a.frame.nanoseconds - b.frame.nanoseconds || a.index - b.index);
  const origin = hosts[0]!.capture.origin;
  for (const { index, frame } of frames)
    add(
      pcapngPacket({
        interface: index,
        realtimeNanoseconds: origin + BigInt(frame.nanoseconds),
        bytes: frame.bytes,
        wireLength: frame.wireLength,
        out: frame.out,
      }),
    );
  flush();
  return { file: '', sha256: hash.digest('hex') };
}

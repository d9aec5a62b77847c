import { createHash } from 'node:crypto';
import { pcapngHeader, pcapngPacket } from '../evidence/pcapng.ts';
import { SNAPLEN } from '../host/capture.ts';
import type { Lab } from '../host/lab.ts';
import type { ScenarioRecord } from '../results/record.ts';
import type { Plan } from '../scenario/model.ts';
import type { Emit } from './emit.ts';
import { framesInOrder } from './order.ts';

const PIECE = 1 << 18;

/** Sends everything that the hosts captured, in the order of time, as pieces of one pcapng file. */
export function emitPcapng(lab: Lab, plan: Plan, record: number, emit: Emit): ScenarioRecord['pcapng'] {
  const captures = [...lab.hosts.values()].map(({ capture }) => capture);
  const numbers = new Map(captures.map((capture, i) => [capture, i]));
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
  const interfaces = [...lab.hosts.keys()].map((name) => ({ name, snaplen: SNAPLEN }));
  add(pcapngHeader({ interfaces, application: 'tcplab', comment: plan.id }));
  framesInOrder(captures).forEach((capture, number) => {
    const { nanoseconds, ...frame } = capture.frame(number);
    add(
      pcapngPacket({
        ...frame,
        interface: numbers.get(capture)!,
        realtimeNanoseconds: capture.origin + BigInt(nanoseconds),
      }),
    );
  });
  flush();
  return { file: '', sha256: hash.digest('hex') };
}

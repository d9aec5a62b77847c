import type { Moment } from '../evidence/model.ts';
import type { Capture } from '../host/capture.ts';
import { frozen } from '../host/live.ts';
import type { Lab } from '../host/lab.ts';
import type { PacketOfRecord, ScenarioRecord } from '../results/record.ts';
import { unfinished } from '../results/unfinished.ts';
import type { Plan } from '../scenario/model.ts';
import { framesInOrder, type OrderedFrames } from './order.ts';
import type { Place } from './place.ts';
import type { Walked } from './walk.ts';

/** Packets that a record holds itself, half of them the first and half the last; the pcapng file has all. */
const KEPT = 2000;

/** A record of a plan that shows nothing yet. */
export function emptyRecord(plan: Plan, { launcher, kernel, seed, root, missing }: Place): ScenarioRecord {
  const record = unfinished(plan, { launcher, kernel, seed, root }, { code: 'unfinished', text: '' });
  return { ...record, missing: missing.map(({ what }) => what) };
}

/** Puts what the lab showed into a record; `final` was taken before anything was closed. */
export function fillRecord(record: ScenarioRecord, lab: Lab, walked: Walked, final: Moment, full: boolean): void {
  for (const [name, host] of lab.hosts) {
    const { counters, sysctl } = final.hosts[name]!;
    record.hosts[name] = {
      address: host.address,
      sysctl: { ...sysctl },
      counters: { delta: { ...counters }, ...(full && { before: { ...host.before }, after: host.counters() }) },
    };
  }
  record.steps = walked.steps.map((step) => ({ ...step, outcome: frozen(step.outcome as Moment['outcomes'][string]) }));
  record.observations = Object.fromEntries(
    Object.entries({ ...walked.observations, end: final }).map(([name, { at, hosts }]) => [
      name,
      {
        at,
        hosts: Object.fromEntries(
          Object.entries(hosts).map(([host, { counters, sockets }]) => [
            host,
            { counters: { ...counters }, sockets: [...sockets] },
          ]),
        ),
      },
    ]),
  );
  const frames = framesInOrder([...lab.hosts.values()].map(({ capture }) => capture));
  record.packetsTotal = frames.length;
  record.packets = firstAndLast(frames);
}

function firstAndLast(frames: OrderedFrames<Capture>): PacketOfRecord[] {
  const wanted = (i: number) => frames.length <= KEPT || i < KEPT / 2 || i >= frames.length - KEPT / 2;
  const packets: PacketOfRecord[] = [];
  frames.forEach((capture, number, i) => {
    const packet = wanted(i) ? capture.decode(number) : undefined;
    if (!packet) return;
    const { at, host, out, from, to, flags, seq, ack, length } = packet;
    packets.push({ at, host, out, from, to, flags, seq, ack, length });
  });
  return packets;
}

import type { Moment } from '../evidence/model.ts';
import { frozen } from '../host/live.ts';
import type { Lab } from '../host/lab.ts';
import { type PacketOfRecord, RECORD_SCHEMA, type ScenarioRecord } from '../results/record.ts';
import type { Plan } from '../scenario/model.ts';
import { framesInOrder, type OrderedFrames } from './order.ts';
import type { Place } from './place.ts';
import type { Walked } from './walk.ts';

/** Packets that a record holds itself, half of them the first and half the last; the pcapng file has all. */
const KEPT = 2000;

/** A record of a plan that shows nothing yet. */
export function emptyRecord(plan: Plan, place: Place): ScenarioRecord {
  return {
    schema: RECORD_SCHEMA,
    scenario: { id: plan.id, title: plan.title, digest: plan.digest, params: { ...plan.params } },
    repeat: plan.repeat,
    on: { launcher: place.launcher, kernel: place.kernel, clock: 'real', seed: place.seed, root: place.root },
    verdict: 'error',
    reason: { code: 'unfinished', text: '' },
    hosts: {},
    steps: [],
    observations: {},
    packets: [],
    packetsTotal: 0,
    pcapng: null,
    transitions: null,
    causes: null,
    unexplained: null,
    expectations: [],
    claims: [],
    changes: {},
    probe: null,
    missing: place.missing.map(({ what }) => what),
    seconds: { lab: 0, wall: 0 },
  };
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
  const frames = framesInOrder(lab);
  record.packetsTotal = frames.length;
  record.packets = firstAndLast(frames);
}

function firstAndLast(frames: OrderedFrames): PacketOfRecord[] {
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

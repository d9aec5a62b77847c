import { patchSyn, synTemplate } from '../evidence/segment.ts';
import { FaultError } from '../errors.ts';
import type { Host } from './host.ts';
import type { Lab, Target } from './lab.ts';

/** First spoofed source: 198.18.0.1, as a number. */
const FIRST_SOURCE = 0xc612_0001;
const FIRST_PORT = 1024;
const BATCH = 256;
const SLOT = 64;

export interface FloodOptions {
  from: Host;
  to: Target;
  syns: number;
  /** Seconds between two SYNs; 0: full speed. */
  every: number;
  sources: number;
}

/** SYNs that a host was sent by floods so far: the next flood goes on from there, so that no two SYNs of a lab look alike. */
const met = new WeakMap<Host, number>();

/** Sends exactly so many SYNs and checks that every one of them arrived at the target's network layer. */
export async function floodSyns(
  lab: Lab,
  { from, to, syns, every, sources }: FloodOptions,
  outcome: { sent: number; took: number; rate: number },
  signal: AbortSignal,
): Promise<void> {
  to.host.routeSpoofed(from);
  const template = synTemplate({
    source: '198.18.0.1',
    destination: to.host.address,
    sport: FIRST_PORT,
    dport: to.port,
  });
  const batch = from.raw.batch(BATCH, SLOT, to.host.address);
  const [linkBefore, ipBefore] = [to.host.received(from), to.host.counters()['IpInReceives'] ?? 0];
  const first = met.get(to.host) ?? 0;
  met.set(to.host, first + syns);
  const start = lab.now();
  while (outcome.sent < syns && !signal.aborted) {
    const due = every === 0 ? syns : Math.min(syns, 1 + Math.floor((lab.now() - start) / every));
    const n = Math.min(BATCH, due - outcome.sent);
    for (let i = 0; i < n; i += 1) {
      const k = first + outcome.sent + i;
      patchSyn(
        batch.slot(i),
        template,
        FIRST_SOURCE + (k % sources),
        FIRST_PORT + (Math.floor(k / sources) % 60000),
        k + 1,
      );
    }
    if (n > 0) {
      const { sent, errno } = batch.send(n);
      outcome.sent += sent;
      if (errno !== '')
        throw new FaultError(`the flood stopped after ${outcome.sent} of ${syns} SYNs: sendmmsg ${errno}`);
    }
    from.capture.drain();
    to.host.capture.drain();
    if (outcome.sent < syns) await lab.sleep(every === 0 ? 0 : start + outcome.sent * every - lab.now(), signal);
  }
  outcome.took = lab.now() - start;
  outcome.rate = outcome.took > 0 ? outcome.sent / outcome.took : 0;
  const [link, ip] = [to.host.received(from) - linkBefore, (to.host.counters()['IpInReceives'] ?? 0) - ipBefore];
  if (!signal.aborted && (link < outcome.sent || ip < outcome.sent))
    throw new FaultError(
      `${outcome.sent} SYNs were sent, the link delivered ${link} and IP received ${ip}`,
      'column 2 of /proc/net/softnet_stat and the drops of the link say where they went (net.core.netdev_max_backlog is global)',
    );
}

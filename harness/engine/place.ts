import { upstreamOf } from '../verdict/kernel-version.ts';
import { kernelHz } from '../linux/clock.ts';
import { hasTracing, isRealRoot, kernelIdentity } from '../linux/identity.ts';
import type { KernelOfRecord } from '../results/record.ts';
import type { Missing, Request } from './protocol.ts';

/** Where the engine runs: the kernel under test and what it has here. */
export interface Place {
  launcher: string;
  kernel: KernelOfRecord;
  hz: number;
  root: boolean;
  seed: number;
  missing: readonly Missing[];
}

/** Looks at the kernel that this process runs on. `lacks`: what the sandbox could not give. */
export function lookAround(request: Request, lacks: readonly string[]): Place {
  const identity = kernelIdentity();
  const tracing = hasTracing();
  return {
    launcher: request.launcher,
    kernel: { id: 'host', release: identity.release, version: identity.version, upstream: upstreamOf(identity).text },
    hz: kernelHz(),
    root: isRealRoot(),
    seed: request.seed,
    missing: [
      ...(tracing.ok ? [] : [{ what: 'tracing', why: tracing.why, hint: 'run as root to have trace events' }]),
      ...lacks.map((what) => ({ what, why: 'the sandbox could not give it' })),
    ],
  };
}

import { loadCatalogue, loadKnown } from '../cli/catalogue.ts';
import { buildRequest } from '../cli/request.ts';
import type { Request } from '../engine/protocol.ts';
import { LAUNCHERS } from '../launch/registry.ts';
import type { ScenarioRecord } from '../results/record.ts';
import { parseScenario } from '../scenario/scenario.ts';

export interface Measured {
  records: ScenarioRecord[];
  /** Seconds from the engine's first event to its last. */
  seconds: number;
  /** Peak resident memory of the engine, MiB. */
  engineMiB: number;
}

const never = new AbortController().signal;
const DEFAULTS = {
  launcher: 'local',
  seed: 0,
  jobs: 64,
  full: false,
  timeout: null,
  noSkip: true,
  set: [],
  repeat: 1,
} as const;

/** Runs plans on this machine's kernel and times them from `calibrated` to `bye`. */
export async function measure(request: Request): Promise<Measured> {
  const measured: Measured = { records: [], seconds: 0, engineMiB: 0 };
  let start = 0;
  await LAUNCHERS['local']!.run(
    request,
    (event) => {
      if (event.type === 'calibrated') start = performance.now();
      if (event.type === 'record') measured.records[event.record] = event.value;
      if (event.type === 'fault') throw new Error(event.message);
      if (event.type === 'bye') {
        measured.seconds = (performance.now() - start) / 1000;
        measured.engineMiB = event.peakMiB;
      }
    },
    { signal: never, kill: never, wallTimeout: 1800 },
  );
  return measured;
}

/** The request for a scenario that stands in a benchmark itself. */
export function requestOf(
  name: string,
  text: string,
  options: Partial<Parameters<typeof buildRequest>[1]> = {},
): Request {
  const known = loadKnown(process.cwd());
  const scenario = parseScenario({ text, file: `${name}.yaml`, id: name }, known.context);
  return buildRequest({ ...known, scenarios: [scenario] }, { ...DEFAULTS, ...options }, process.cwd());
}

/** The request of `tcplab run` without arguments. */
export function catalogueRequest(repeat: number): Request {
  const cwd = process.cwd();
  return buildRequest(loadCatalogue({ selectors: [], tags: [], cwd }), { ...DEFAULTS, repeat }, cwd);
}

/** Throws with the reason when a record did not pass: a benchmark of something broken says nothing. */
export function passed({ records }: Measured): void {
  const bad = records.find(({ verdict }) => verdict !== 'passed');
  if (bad) throw new Error(`${bad.scenario.id}: ${bad.verdict}: ${bad.reason.text}`);
}

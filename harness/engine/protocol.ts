import type { Change, Plan } from '../scenario/model.ts';
import type { Finding, KernelOfRecord, ScenarioRecord } from '../results/record.ts';

/** Version of the request and of the events; a launcher refuses another. */
export const PROTOCOL = 1;

/** What a launcher hands to the engine on its standard input: one JSON document, then end of file means stop. */
export interface Request {
  protocol: typeof PROTOCOL;
  plans: readonly Plan[];
  /** Probe plans by the id of the change that each answers. */
  probes: Readonly<Record<string, Plan>>;
  changes: readonly Change[];
  launcher: string;
  seed: number;
  jobs: number;
  /** Records keep before and after of every counter too. */
  full: boolean;
  /** Lab time after which a scenario is an error, seconds; null: as long as its own `lasts` makes likely. */
  timeout: number | null;
  /** A skip is a failure. */
  noSkip: boolean;
}

/** What the kernel under test lacks, for this run. */
export interface Missing {
  what: string;
  why: string;
  hint?: string;
}

/** The engine's standard output: one of these a line. `record` is the index of the plan in the request. */
export type EngineEvent =
  | { type: 'hello'; protocol: number; kernel: KernelOfRecord; hz: number; root: boolean; missing: readonly Missing[] }
  | { type: 'calibrated'; labs: number; noise: readonly string[] }
  | { type: 'started'; record: number }
  | { type: 'step'; record: number; index: number; kind: string; name?: string; state: 'started' | 'ended' }
  /** A piece of the record's pcapng file, base64. */
  | { type: 'pcapng'; record: number; data: string }
  | { type: 'record'; record: number; value: ScenarioRecord }
  | { type: 'finding'; finding: Finding }
  | { type: 'fault'; message: string; stack?: string }
  /** `peakMiB`: the most memory that the engine held. */
  | { type: 'bye'; records: number; interrupted: boolean; peakMiB: number };

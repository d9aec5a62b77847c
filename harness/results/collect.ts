import type { EngineEvent, Request } from '../engine/protocol.ts';
import { digest } from './canonical.ts';
import { RUN_SCHEMA } from './record.ts';
import type { Finding, KernelOfRecord, Run, ScenarioRecord } from './record.ts';
import { worst } from './summary.ts';
import { unfinished } from './unfinished.ts';

/** What a run is before anything happened. */
export interface RunHead {
  id: string;
  /** Version of tcplab. */
  version: string;
  request: Pick<Request, 'plans' | 'launcher' | 'seed'>;
}

const UNKNOWN_KERNEL: KernelOfRecord = { id: 'unknown', release: '', version: '', upstream: '' };

/** Turns the engine's events into a run; asked at any moment, it tells what there is so far. */
export class Collector {
  readonly #head: RunHead;
  readonly #records = new Map<number, ScenarioRecord>();
  readonly #findings: Finding[] = [];
  readonly #faults: string[] = [];
  readonly #started = new Set<number>();
  #kernel = UNKNOWN_KERNEL;
  #root = false;
  #bye: { interrupted: boolean } | undefined;

  constructor(head: RunHead) {
    this.#head = head;
  }

  /** True once the engine said goodbye by itself. */
  get complete(): boolean {
    return this.#bye !== undefined && !this.#bye.interrupted;
  }

  on(event: EngineEvent): void {
    if (event.type === 'hello') {
      this.#kernel = event.kernel;
      this.#root = event.root;
    } else if (event.type === 'started') this.#started.add(event.record);
    else if (event.type === 'record') this.#records.set(event.record, event.value);
    else if (event.type === 'finding') this.#findings.push(event.finding);
    else if (event.type === 'fault') this.#faults.push(event.message);
    else if (event.type === 'bye') this.#bye = { interrupted: event.interrupted };
  }

  /** @param interrupted a person or a time limit ended the run */
  run(interrupted: boolean): Run {
    const { id, version, request } = this.#head;
    const stopped = interrupted || this.#bye?.interrupted === true;
    const place = { launcher: request.launcher, kernel: this.#kernel, seed: request.seed, root: this.#root };
    const records = request.plans.map(
      (plan, index) => this.#records.get(index) ?? unfinished(plan, place, this.#reason(index, stopped)),
    );
    const faults = this.#faults.map((measured) => ({ kind: 'fault', where: 'engine', expected: null, measured }));
    const missing = records.length > this.#records.size;
    const run: Omit<Run, 'digest'> = {
      schema: RUN_SCHEMA,
      tool: { name: 'tcplab', version },
      id,
      verdict: faults.length > 0 || !this.#bye ? 'error' : worst(records.map((record) => record.verdict)),
      partial: stopped || missing || !this.#bye,
      findings: [...this.#findings, ...faults],
      records,
    };
    return { ...run, digest: digest(run) };
  }

  #reason(index: number, stopped: boolean): { code: string; text: string } {
    const was = this.#started.has(index) ? 'was running' : 'had not started';
    if (stopped) return { code: 'interrupted', text: `the run was interrupted; this scenario ${was}` };
    const fault = this.#faults.at(-1);
    const cause = fault ? `: ${fault}` : ' without saying why';
    return { code: 'engine-died', text: `the engine ended early${cause}; this scenario ${was}` };
  }
}

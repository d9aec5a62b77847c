import type { Plan } from '../scenario/model.ts';
import { RECORD_SCHEMA } from './record.ts';
import type { KernelOfRecord, ScenarioRecord } from './record.ts';

/** Where a run took place, as far as anything said so before it ended. */
export interface Place {
  launcher: string;
  kernel: KernelOfRecord;
  seed: number;
  root: boolean;
}

/** The record of a plan that never finished: verdict error, nothing measured. */
export function unfinished(plan: Plan, on: Place, reason: { code: string; text: string }): ScenarioRecord {
  return {
    schema: RECORD_SCHEMA,
    scenario: { id: plan.id, title: plan.title, digest: plan.digest, params: { ...plan.params } },
    repeat: plan.repeat,
    on: { ...on, clock: 'real' },
    verdict: 'error',
    reason,
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
    missing: [],
    seconds: { lab: 0, wall: 0 },
  };
}

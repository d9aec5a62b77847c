import { createHash } from 'node:crypto';
import type { Run } from './record.ts';

/** RFC 8785: keys by UTF-16 code units, numbers and strings as ECMAScript writes them, no white space. */
export function canonical(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item === undefined ? null : item)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256, in hex, of what a run measured: without wall times, the run's id, and where files lie. */
export function digest(run: Omit<Run, 'digest'>): string {
  const measured = {
    ...run,
    id: undefined,
    digest: undefined,
    records: run.records.map((record) => ({
      ...record,
      scenario: { ...record.scenario, id: undefined },
      pcapng: record.pcapng?.sha256,
      expectations: record.expectations.map((expectation) => ({ ...expectation, position: undefined })),
      seconds: { lab: record.seconds.lab },
    })),
  };
  return createHash('sha256').update(canonical(measured)).digest('hex');
}

import type { EngineEvent } from '../engine/protocol.ts';
import type { Change, Plan } from '../scenario/model.ts';
import type { Run } from '../results/record.ts';
import type { CoverageOf } from './coverage-text.ts';
import type { Style } from './style.ts';

export interface RunInfo {
  id: string;
  plans: readonly Plan[];
  launcher: string;
  /** The folder that keeps the run, as a person would write it. */
  folder: string;
  /** Titles of articles by id. */
  articles: ReadonlyMap<string, string>;
  /** What can explain a refuted claim. */
  changes: readonly Change[];
  /** Absent where there is no state diagram to count by. */
  coverage?: CoverageOf | undefined;
}

/** Follows one run. Pure of time and place: what it shows depends on what it is told. */
export interface Reporter {
  begin(info: RunInfo): void;
  event(event: EngineEvent): void;
  end(run: Run): void;
  /** Takes away what it has drawn in place: somebody else is about to print a line. */
  clear?(): void;
}

/** Where a reporter writes: standard output or a file. */
export interface Output {
  write(text: string): void;
  readonly columns: number;
  readonly style: Style;
}

export interface ReporterKind {
  readonly name: string;
  readonly about: string;
  make(output: Output): Reporter;
}

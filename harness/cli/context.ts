import { jsonText } from '../report/escape.ts';
import type { Output } from '../report/reporter.ts';
import type { Signals } from './interrupt.ts';

/** What a command may touch of the world around it. */
export interface Context {
  /** Results. */
  readonly stdout: Output;
  /** Progress, warnings, logs. */
  readonly stderr: Output;
  /** Whether progress can be drawn in place. */
  readonly stderrIsTTY: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signals: Signals;
  /** Version of tcplab. */
  readonly version: string;
}

/** Prints one JSON document. */
export const printJson = ({ stdout }: Context, document: object): void => stdout.write(jsonText(document));

/** Prints lines of results. */
export const printLines = ({ stdout }: Context, lines: readonly string[]): void =>
  stdout.write(lines.map((line) => `${line}\n`).join(''));

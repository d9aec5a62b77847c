import type { Output } from '../report/reporter.ts';

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
  /** Version of tcplab. */
  readonly version: string;
}

/** Prints one JSON document. */
export const printJson = ({ stdout }: Context, document: object): void => stdout.write(`${JSON.stringify(document, null, 2)}\n`);

/** Prints lines of results. */
export const printLines = ({ stdout }: Context, lines: readonly string[]): void => stdout.write(lines.map((line) => `${line}\n`).join(''));

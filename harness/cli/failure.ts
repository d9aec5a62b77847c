import { EXIT, TcplabError } from '../errors.ts';
import { ScenarioError } from '../scenario/problem.ts';

const ERROR_SCHEMA = 'tcplab.error/1';

/** What `--json` prints instead of a result. */
export interface ErrorDocument {
  schema: typeof ERROR_SCHEMA;
  code: string;
  message: string;
  exitCode: number;
  hint?: string;
  problems?: { file: string; line: number; column: number; message: string; hint?: string }[];
}

/** Exit code of anything thrown: what is not ours is a fault of the harness. */
export const exitCodeOfError = (error: unknown): number => (error instanceof TcplabError ? error.exitCode : EXIT.fault);

export function errorDocument(error: unknown): ErrorDocument {
  const base = { schema: ERROR_SCHEMA, message: messageOf(error), exitCode: exitCodeOfError(error) } as const;
  if (!(error instanceof TcplabError)) return { ...base, code: 'FAULT' };
  const problems =
    error instanceof ScenarioError
      ? error.problems.map(({ message, position, hint }) => ({ ...position, message, ...(hint ? { hint } : {}) }))
      : undefined;
  return { ...base, code: error.code, ...(error.hint ? { hint: error.hint } : {}), ...(problems ? { problems } : {}) };
}

/** `error: what`, where it stands, `hint: what to do`; the stack only when asked. */
export function errorText(error: unknown, debug: boolean): string {
  const hint = error instanceof TcplabError ? error.hint : (hintForSystem(error) ?? (debug ? undefined : OUR_FAULT));
  const lines = [
    error instanceof ScenarioError ? error.message : `error: ${messageOf(error)}`,
    ...(hint ? [`hint: ${hint}`] : []),
    ...(debug && error instanceof Error && error.stack ? [error.stack] : []),
    ...(debug && error instanceof Error && error.cause !== undefined ? [`cause: ${stackOf(error.cause)}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const OUR_FAULT = 'this is a fault of tcplab: run it again with --debug and report what it prints';

/** A disk that is full is nobody's fault. */
function hintForSystem(error: unknown): string | undefined {
  const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  return full ? 'make room, or keep results elsewhere: --out DIR or TCPLAB_RESULTS=DIR' : undefined;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const stackOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));

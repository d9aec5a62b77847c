/** Exit codes of the `tcplab` command; the whole table, so that nothing else invents one. */
export const EXIT = {
  passed: 0,
  failed: 1,
  usage: 2,
  unable: 3,
  fault: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** A failure that a person can act on: what failed, what to do about it, and the exit code it means. */
export class TcplabError extends Error {
  override name = 'TcplabError';
  readonly code: string;
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { code: string; exitCode: number; hint?: string | undefined; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** The command line was wrong: nothing was started. */
export class UsageError extends TcplabError {
  override name = 'UsageError';
  constructor(message: string, hint?: string) {
    super(message, { code: 'USAGE', exitCode: EXIT.usage, hint });
  }
}

/** This machine cannot do what was asked (rights, a program, a kernel feature). */
export class UnableError extends TcplabError {
  override name = 'UnableError';
  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, { code: 'UNABLE', exitCode: EXIT.unable, hint, cause });
  }
}

/** A fault of the harness itself, or of what it runs on. */
export class FaultError extends TcplabError {
  override name = 'FaultError';
  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, { code: 'FAULT', exitCode: EXIT.fault, hint, cause });
  }
}

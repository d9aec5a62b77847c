import { EXIT } from '../errors.ts';

/** npm passes on a Ctrl-C that the terminal has sent already: a second one this soon is the same (milliseconds). */
const DUPLICATE = 1000;

export interface Interrupt extends Disposable {
  /** Aborted by the first SIGINT or SIGTERM: end in order. */
  readonly stop: AbortSignal;
  /** Aborted by the second: end now. */
  readonly kill: AbortSignal;
  /** 130 or 143 once a signal came. */
  readonly exitCode: number | undefined;
}

/** Where signals come from: the process, or a test. */
export interface Signals {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Watches for SIGINT and SIGTERM until disposed. */
export function watchInterrupt(
  signals: Signals,
  told: (message: string) => void,
  now: () => number = () => performance.now(),
): Interrupt {
  const stop = new AbortController();
  const kill = new AbortController();
  let exitCode: number | undefined;
  let first = 0;
  const signalled = (code: number, repeatable: boolean) => () => {
    if (exitCode === undefined) {
      exitCode = code;
      first = now();
      told('ending the labs; once more to end at once');
      stop.abort();
    } else if (repeatable || now() - first > DUPLICATE) kill.abort();
  };
  const onInt = signalled(EXIT.interrupted, false);
  const onTerm = signalled(EXIT.terminated, true);
  signals.on('SIGINT', onInt);
  signals.on('SIGTERM', onTerm);
  return {
    stop: stop.signal,
    kill: kill.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]() {
      signals.off('SIGINT', onInt);
      signals.off('SIGTERM', onTerm);
    },
  };
}

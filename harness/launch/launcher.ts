import type { EngineEvent, Request } from '../engine/protocol.ts';

export interface LaunchOptions {
  /** Aborted: the engine ends its labs in order, says `bye` and the promise resolves. */
  signal: AbortSignal;
  /** Aborted: the engine is killed at once. */
  kill: AbortSignal;
  /** Seconds of wall time after which the engine is killed. */
  wallTimeout: number;
}

/** A place to run the engine. It brings a kernel, hands over the request and streams the events back. */
export interface Launcher {
  readonly name: string;
  /**
   * Resolves when the engine said `bye` and is gone.
   * @throws UnableError when this machine cannot run it, FaultError when the engine ended or spoke otherwise,
   * TcplabError `INTERRUPTED` after `kill`.
   */
  run(request: Request, on: (event: EngineEvent) => void, options: LaunchOptions): Promise<void>;
}

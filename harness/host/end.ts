/** errno of a system call (`ECONNRESET`, '' for none) with Node's code beside it where Node reported it. */
export interface Outcome {
  error: string;
  code: string;
}

/** One end of a connection, whoever made its system calls. */
export interface End {
  readonly localPort: number;
  readonly remotePort: number;
  /** State as `ss` prints it, now; CLOSED when the descriptor is gone and no row is left. */
  readonly state: string;
  /** All bytes received so far, latin1. */
  readonly received: string;
  /** What came since the last `markRead`. */
  readonly fresh: string;
  /** End of file was read. */
  readonly ended: boolean;
  /** errno that ended the connection after it was established; '' for none. */
  readonly lost: string;
  /** Starts reading, where that was put off. */
  read(): void;
  markRead(): void;
  send(data: Buffer): Promise<Outcome & { sent: number }>;
  shutdown(how: 'read' | 'write' | 'both'): Promise<string>;
  /** close(2), with SO_LINGER {1, linger} set first when given; resolves when it has returned. */
  close(linger: number | undefined): Promise<{ error: string; took: number }>;
  setOptions(options: Readonly<Record<string, number>>): void;
  /** Frees the descriptor when the lab ends; the namespace is about to go. */
  abandon(): void;
}

/** Sets socket options by their C names. */
export type OptionValues = Readonly<Record<string, number>>;

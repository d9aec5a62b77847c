import type { FieldValue, Packet, SocketRow } from '../evidence/model.ts';

/** What an expression came to. */
export type Evaluated =
  | { value: FieldValue | Packet | SocketRow | null }
  /** The counter or sysctl that this kernel lacks, and that the expression needs. */
  | { absent: string }
  | { error: string };

import type { FieldValue, SysctlValue } from '../evidence/model.ts';
import type { FieldType } from './step-kind.ts';

/** Where something stands in a scenario file; lines and columns start at 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** An expression with the place of its first character. */
export interface Expression {
  cel: string;
  position: Position;
}

/** Which kernels something is about: those that have all of `has` and none of `lacks` (ids of changes.yaml). */
export interface Trait {
  has?: readonly string[];
  lacks?: readonly string[];
}

/** When a claim is expected to be confirmed. */
export type Holds = 'always' | 'never' | Trait;

export interface PlannedStep {
  kind: string;
  /** What expressions call it (`as:`). */
  name?: string;
  /** Checked against the kind's schema, params put in. */
  args: Readonly<Record<string, unknown>>;
  /** Runs beside the steps after it; a `join` step waits for it, the end of the scenario ends it. */
  beside: boolean;
  /** Wants no other lab beside it: the whole scenario then runs alone. */
  alone: boolean;
  repeat: number;
  /** Seconds from the start of one repeat to the start of the next; 0: at once. */
  every: number;
  position: Position;
}

export interface PlannedExpectation {
  that: Expression;
  when?: Trait;
  /** Id of the law of laws.yaml that it comes from, rather than from the scenario's file. */
  law?: string;
}

export interface PlannedClaim {
  id: string;
  source: { article: string; section?: string; kernel?: string };
  says: string;
  that: Expression;
  holds: Holds;
  /** What happens instead, where the claim does not hold. */
  instead?: string;
}

/** Names that expressions of this plan see, with their CEL types. */
export interface NameTypes {
  hosts: readonly string[];
  observations: readonly string[];
  params: Readonly<Record<string, FieldType>>;
  /** Named steps: the outcome's type name and fields. */
  outcomes: Readonly<Record<string, { type: string; fields: Readonly<Record<string, FieldType>> }>>;
}

/** One scenario with one value for each param: what the engine runs. Plain JSON. */
export interface Plan {
  /** Path below `scenarios/` without `.yaml`. */
  id: string;
  title: string;
  /** SHA-256 of the scenario's text. */
  digest: string;
  tags: readonly string[];
  params: Readonly<Record<string, FieldValue>>;
  repeat: number;
  hosts: Readonly<Record<string, { sysctl: Readonly<Record<string, SysctlValue>> }>>;
  /** Pairs of hosts that share a link; by default every pair. */
  links: readonly (readonly [string, string])[];
  steps: readonly PlannedStep[];
  expect: readonly PlannedExpectation[];
  claims: readonly PlannedClaim[];
  /** A probe's one question; the plan then judges nothing else. */
  probe?: Expression;
  names: NameTypes;
  /** Ids of the changes that `when`, `holds` or `probe` mention. */
  changes: readonly string[];
  /** Programs that the scenario starts, by name. */
  needs: readonly string[];
  /** Runs with no other lab beside it. */
  alone: boolean;
  /** About how many seconds of lab time it takes: the longest start first. */
  lasts: number;
}

/** One entry of `scenarios/changes.yaml`. */
export interface Change {
  id: string;
  /** `linux`, or the program whose behaviour changed. */
  of: string;
  /** Upstream commit, or the program's release note. */
  commit: string;
  subject: string;
  /** What a kernel with the change does, in one sentence. */
  about: string;
  /** First release that has it: `4.10`. */
  mainline: string;
  /** Stable line to its first point release that has it: `{ "5.10": "5.10.234" }`. */
  backports: Readonly<Record<string, string>>;
  /** Vendor kernel (`el7`, `el8`) to its first release that has it, `always` or `never`. */
  vendors: Readonly<Record<string, string>>;
  /** Id of the scenario whose `probe` answers whether this kernel has it. */
  probe?: string;
}

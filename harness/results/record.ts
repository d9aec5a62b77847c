import { z } from 'zod';

/** Schema names: a reader refuses what it does not know. */
export const RECORD_SCHEMA = 'tcplab.record/1';
export const RUN_SCHEMA = 'tcplab.run/1';

const scalar = z.union([z.number(), z.string(), z.boolean()]);
const json: z.ZodType = z.json();
const counters = z.record(z.string(), z.number());

export const verdict = z.enum(['passed', 'failed', 'skipped', 'error']);

export const finding = z.strictObject({
  kind: z.string().describe('noise, change, unexplained, ...'),
  where: z.string(),
  expected: json,
  measured: json,
});

export const kernel = z.strictObject({
  id: z.string().describe('host, or the id in the kernel store'),
  release: z.string().describe('uname -r'),
  version: z.string().describe('/proc/version'),
  upstream: z.string().describe('upstream version that changes.yaml is asked with, empty where unknown'),
});

const socketRow = z.strictObject({
  state: z.string(),
  localAddress: z.string(),
  localPort: z.number(),
  remoteAddress: z.string(),
  remotePort: z.number(),
  recvQ: z.number(),
  sendQ: z.number(),
  inode: z.number(),
  timer: z.string(),
  timerLeft: z.number(),
  retransmits: z.number(),
  drops: z.number(),
});

const packet = z.strictObject({
  at: z.number().describe('seconds since the lab was up'),
  host: z.string().describe('the host that captured it'),
  out: z.boolean(),
  from: z.string(),
  to: z.string(),
  flags: z.string(),
  seq: z.number(),
  ack: z.number(),
  length: z.number(),
});

const step = z.strictObject({
  name: z.string(),
  kind: z.string(),
  by: z.enum(['node', 'libc', 'program', 'harness']).describe('who made the system calls'),
  at: z.number(),
  took: z.number(),
  outcome: z.record(z.string(), json),
});

const observation = z.strictObject({
  at: z.number(),
  hosts: z.record(z.string(), z.strictObject({ counters, sockets: z.array(socketRow) })),
});

const expectation = z.strictObject({
  that: z.string(),
  when: z.unknown().optional(),
  verdict: z.enum(['held', 'broken', 'skipped']),
  values: z.record(z.string(), json).describe('both sides of a comparison and every name in it, with what it held'),
  /** The expression with its values put in: `526 == 540 (flood.sent 542, backlog 1)`. */
  text: z.string(),
  position: z.string().describe('file:line:column'),
  /** Packets around the moment, for a broken expectation: indices into `packets`. */
  packets: z.array(z.number()).optional(),
});

const claim = z.strictObject({
  id: z.string(),
  article: z.string(),
  section: z.string(),
  says: z.string(),
  verdict: z.enum(['confirmed', 'refuted', 'not-tested']),
  expected: z.enum(['confirmed', 'refuted', 'not-tested']).describe('what changes.yaml predicts for this kernel'),
  that: z.string(),
  values: z.record(z.string(), json),
  text: z.string(),
  measured: z.string().describe('what was measured, in few words'),
  /** Why it does not hold here: the change that this kernel has or lacks, or `never held`. */
  because: z.string(),
  /** Ids of the changes that this kernel has or lacks, and that make the claim false here. */
  explainedBy: z.array(z.string()),
  instead: z.string().optional(),
});

const trait = z.strictObject({
  has: z.boolean(),
  by: z.enum(['version', 'probe']),
  version: z.boolean().nullable().describe('what the version predicts; null where it cannot tell'),
  probe: z.boolean().nullable().describe('what the probe measured; null where none ran'),
});

export const record = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  scenario: z.strictObject({
    id: z.string(),
    title: z.string(),
    digest: z.string(),
    params: z.record(z.string(), json),
  }),
  repeat: z.number(),
  on: z.strictObject({
    launcher: z.string(),
    kernel,
    clock: z.enum(['real', 'virtual']),
    seed: z.number(),
    root: z.boolean(),
  }),
  verdict,
  reason: z.strictObject({ code: z.string(), text: z.string() }),
  hosts: z.record(
    z.string(),
    z.strictObject({
      address: z.string(),
      sysctl: z.record(z.string(), scalar),
      counters: z.strictObject({ delta: counters, before: counters.optional(), after: counters.optional() }),
    }),
  ),
  steps: z.array(step),
  observations: z.record(z.string(), observation),
  packets: z.array(packet),
  packetsTotal: z.number(),
  pcapng: z.strictObject({ file: z.string(), sha256: z.string() }).nullable(),
  transitions: z.array(json).nullable(),
  causes: z.array(json).nullable(),
  unexplained: z.array(json).nullable(),
  expectations: z.array(expectation),
  claims: z.array(claim),
  changes: z.record(z.string(), trait),
  probe: z.boolean().nullable(),
  missing: z.array(z.string()).describe('what this place could not give: tracing, ...'),
  seconds: z.strictObject({ lab: z.number(), wall: z.number() }),
});

export const run = z.strictObject({
  schema: z.literal(RUN_SCHEMA),
  tool: z.strictObject({ name: z.literal('tcplab'), version: z.string() }),
  id: z.string(),
  verdict,
  partial: z.boolean().describe('interrupted, or the engine died: what there is'),
  digest: z.string(),
  findings: z.array(finding),
  records: z.array(record),
});

export type Verdict = z.infer<typeof verdict>;
export type Finding = z.infer<typeof finding>;
export type KernelOfRecord = z.infer<typeof kernel>;
export type StepOfRecord = z.infer<typeof step>;
export type ObservationOfRecord = z.infer<typeof observation>;
export type ExpectationOfRecord = z.infer<typeof expectation>;
export type ClaimOfRecord = z.infer<typeof claim>;
export type TraitOfRecord = z.infer<typeof trait>;
export type PacketOfRecord = z.infer<typeof packet>;
export type ScenarioRecord = z.infer<typeof record>;
export type Run = z.infer<typeof run>;

import type { Plan, PlannedStep } from '../scenario/model.ts';

/** A plan with one thing wrong in it, and what. */
export interface Mutant {
  what: string;
  plan: Plan;
}

type Args = PlannedStep['args'];

/** How one argument of a step kind is perturbed; undefined where it does not apply. */
interface Perturbation {
  kinds: readonly string[];
  what: string;
  change: (args: Args) => Args | undefined;
}

const more =
  (key: string, by: number) =>
  (args: Args): Args | undefined => {
    const value = args[key] ?? 1;
    return typeof value === 'number' && value + by >= 0 ? { ...args, [key]: value + by } : undefined;
  };

const PERTURBATIONS: readonly Perturbation[] = [
  { kinds: ['listen', 'relisten'], what: 'backlog one more', change: more('backlog', 1) },
  { kinds: ['listen', 'relisten'], what: 'backlog one less', change: more('backlog', -1) },
  { kinds: ['flood'], what: 'one SYN more', change: more('syns', 1) },
  {
    kinds: ['connect'],
    what: 'one connection more',
    change: (args) => (args['port'] === undefined ? more('count', 1)(args) : undefined),
  },
  { kinds: ['request'], what: 'one request more', change: more('count', 1) },
  {
    kinds: ['send'],
    what: 'one byte more',
    change: (args) =>
      typeof args['data'] === 'string' ? { ...args, data: `${args['data']}!` } : more('bytes', 1)(args),
  },
  {
    kinds: ['close'],
    what: 'the other way of closing',
    change: ({ linger, ...args }) => (linger === 0 ? args : { ...args, linger: 0 }),
  },
];

/** Steps that can be left out without making the file wrong: nothing later needs what they make to exist. */
const DROPPABLE = new Set([
  'flood',
  'segment',
  'block',
  'unblock',
  'pause',
  'relisten',
  'send',
  'shutdown',
  'close',
  'kill',
  'resume',
  'sysctl',
  'setsockopt',
  'request',
]);

/** Sysctls that decide a scenario's outcome, turned the other way. */
const FLIPS = ['net.ipv4.tcp_syncookies', 'net.ipv4.tcp_abort_on_overflow', 'net.ipv4.tcp_timestamps'];

/** Every plan that differs from this one in one thing. */
export function mutantsOf(plan: Plan): Mutant[] {
  const mutants: Mutant[] = [];
  const mutate = (what: string, change: Partial<Plan>) => mutants.push({ what, plan: { ...plan, ...change } });
  plan.steps.forEach((step, index) => {
    const where = `${step.kind}${step.name === undefined ? '' : ` ${step.name}`} (line ${step.position.line})`;
    const replaced = (args: Args) => plan.steps.map((one, i) => (i === index ? { ...one, args } : one));
    for (const { kinds, what, change } of PERTURBATIONS) {
      const args = kinds.includes(step.kind) ? change(step.args) : undefined;
      if (args) mutate(`${where}: ${what}`, { steps: replaced(args) });
    }
    if (step.kind === 'segment')
      mutate(`${where}: sent twice`, {
        steps: plan.steps.map((one, i) => (i === index ? { ...one, repeat: 2 } : one)),
      });
    if (DROPPABLE.has(step.kind))
      mutate(`${where}: left out`, { steps: plan.steps.filter((_, i) => i !== index && !needs(plan.steps[i]!, step)) });
  });
  for (const [host, { sysctl }] of Object.entries(plan.hosts))
    for (const name of FLIPS) {
      const value = sysctl[name];
      if (typeof value !== 'number') continue;
      const flipped = { ...sysctl, [name]: value === 0 ? 1 : 0 };
      mutate(`${name} ${value} to ${flipped[name]}`, { hosts: { ...plan.hosts, [host]: { sysctl: flipped } } });
    }
  return mutants;
}

/** A step that only undoes or awaits another goes with it. */
function needs(step: PlannedStep, dropped: PlannedStep): boolean {
  if (dropped.name === undefined) return false;
  return (
    (step.kind === 'unblock' && step.args['block'] === dropped.name) ||
    (step.kind === 'join' && step.args['step'] === dropped.name)
  );
}

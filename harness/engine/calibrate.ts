import type { Plan } from '../scenario/model.ts';
import { runPlan, type Runner } from './run-plan.ts';

/** Nothing happens for so long. */
const QUIET = '50ms';
const LABS = 2;

const POSITION = { file: 'calibration', line: 1, column: 1 };

const plan: Plan = {
  id: 'calibration',
  title: 'A lab in which nothing happens',
  digest: '',
  tags: [],
  params: {},
  repeat: 1,
  hosts: { a: { sysctl: {} }, b: { sysctl: {} } },
  links: [['a', 'b']],
  steps: [
    {
      kind: 'wait',
      args: { for: QUIET, because: 'noise would show itself' },
      beside: false,
      alone: false,
      repeat: 1,
      every: 0,
      position: POSITION,
    },
  ],
  expect: [],
  claims: [],
  names: { hosts: ['a', 'b'], observations: [], params: {}, outcomes: {} },
  changes: [],
  needs: [],
  alone: false,
  lasts: 0,
};

/** What moved in labs where nobody did anything: it would be in every result too. */
export async function calibrate(runner: Runner): Promise<{ labs: number; noise: string[] }> {
  const shown = await Promise.all(Array.from({ length: LABS }, () => runPlan(plan, -1, runner)));
  const noise = shown.flatMap(({ record }) => [
    ...(record.reason.code === '' ? [] : [`${record.reason.code}: ${record.reason.text}`]),
    ...Object.entries(record.hosts).flatMap(([host, { counters }]) =>
      Object.entries(counters.delta).flatMap(([name, value]) =>
        value === 0 ? [] : [`${host}: ${name} ${value > 0 ? '+' : ''}${value}`],
      ),
    ),
    ...(record.packetsTotal === 0 ? [] : [`${record.packetsTotal} packets`]),
  ]);
  return { labs: LABS, noise: [...new Set(noise)] };
}

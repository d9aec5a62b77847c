import { EXIT } from '../../errors.ts';
import { doctorChecks } from '../../launch/doctor-checks.ts';
import type { DoctorCheck, DoctorResult } from '../../launch/doctor-checks.ts';
import { installMissing } from '../../launch/install.ts';
import { visible } from '../../report/escape.ts';
import { textTable } from '../../report/table.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';

type Examined = DoctorResult & Pick<DoctorCheck, 'name' | 'needed'>;

const WORD = { ok: 'ok', warn: 'warn', fail: 'FAIL' } as const;

const stateOf = ({ ok, needed }: Examined) => (ok ? 'ok' : needed ? 'fail' : 'warn');

export const doctor = command({
  name: 'doctor',
  about: 'Try what this machine can do, and how to mend it',
  options: ['install', 'quiet', 'json'],
  examples: [
    ['doctor', 'exit code 3 when something that is needed fails'],
    ['doctor --install', 'as root: install what scenarios need; else: say the line that does'],
  ],
  async run(context, { install, quiet, json }) {
    let examined = await examine();
    // Where nothing can run, nothing is worth installing.
    if (install && isAble(examined)) {
      const installed = await installMissing((line) => context.stderr.write(`${line}\n`));
      if (installed.length > 0) examined = await examine();
    }
    const able = isAble(examined);

    if (json)
      printJson(context, {
        schema: 'tcplab.doctor/1',
        ok: able,
        checks: examined.map((each) => ({ ...each, state: stateOf(each) })),
      });
    else if (!quiet || !able) printLines(context, asText(examined, context.stdout));
    return able ? EXIT.passed : EXIT.unable;
  },
});

const isAble = (examined: readonly Examined[]): boolean => examined.every(({ ok, needed }) => ok || !needed);

async function examine(): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const { name, needed, run } of doctorChecks) examined.push({ name, needed, ...(await attempt(run)) });
  return examined;
}

/** A check that throws has found something out, too. */
async function attempt(run: DoctorCheck['run']): Promise<DoctorResult> {
  try {
    return await run();
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function asText(
  examined: readonly Examined[],
  { columns, style }: Parameters<typeof printLines>[0]['stdout'],
): string[] {
  const { green, yellow, red } = style.colour;
  const paint = { ok: green, warn: yellow, fail: red };
  const rows = examined.map((each) => [WORD[stateOf(each)], each.name, visible(each.detail), visible(each.fix ?? '')]);
  const titles = [
    { title: '', most: 0 },
    { title: 'check', most: 0 },
    { title: 'found', most: 60 },
    { title: 'to mend it', most: 60 },
  ];
  const warned = examined.filter((each) => stateOf(each) === 'warn').length;
  const failed = examined.filter((each) => stateOf(each) === 'fail').length;
  return [
    ...textTable({ columns: titles, rows }, columns, (text, column, row) =>
      column === 0 && row >= 0 ? paint[stateOf(examined[row]!)](text) : text,
    ),
    '',
    failed > 0
      ? `${failed} needed and missing: nothing can run`
      : `ready${warned > 0 ? `; ${warned} warnings: some scenarios are skipped` : ''}`,
  ];
}

import { compile } from '../expression/compile.ts';
import { kernelIdentity } from '../linux/identity.ts';
import type { TraitOfRecord } from '../results/record.ts';
import { upstreamOf } from '../verdict/kernel-version.ts';
import { traitsOf } from '../verdict/traits.ts';
import type { Admission } from './admission.ts';
import type { Emit } from './emit.ts';
import type { Request } from './protocol.ts';
import { runPlan, type Runner } from './run-plan.ts';
import { scopeOf } from './walk.ts';

/** What this kernel does for each change: its version predicts, the probes check. */
export async function probed(
  request: Request,
  runner: Runner,
  slots: Admission,
  emit: Emit,
): Promise<Record<string, TraitOfRecord>> {
  const answers = await Promise.all(
    Object.entries(request.probes).map(async ([id, plan]): Promise<[string, boolean | null]> => {
      const { evidence } = await slots.hold(() => runPlan(plan, -1, runner));
      if (!evidence || !plan.probe) return [id, null];
      const result = compile(plan.probe.cel, plan.names).evaluate(
        scopeOf(plan, evidence.final, evidence.observations, runner.place.hz),
      );
      return [id, 'value' in result ? result.value === true : null];
    }),
  );
  const { traits, findings } = traitsOf(request.changes, upstreamOf(kernelIdentity()), Object.fromEntries(answers));
  for (const finding of findings) emit({ type: 'finding', finding });
  return traits;
}

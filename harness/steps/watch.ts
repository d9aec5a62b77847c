import { z } from 'zod';
import { cel, duration, host, makes, sysctls } from '../scenario/fields.ts';
import { secondsOf } from '../scenario/duration.ts';
import { FaultError } from '../errors.ts';
import { defineStep } from './step.ts';

export const observe = defineStep({
  kind: 'observe',
  about: 'keeps this moment under a name: counters, socket tables and listen queues of every host',
  schema: z.strictObject({ as: makes() }),
  shorthand: 'as',
  by: 'harness',
  explain: (a) => `observe ${a.as}`,
  run: (args, { observe: keep }) => keep(args.as),
});

export const until = defineStep({
  kind: 'until',
  about: 'waits for a state of the kernel; past the deadline the scenario is broken and says what was seen instead',
  schema: z.strictObject({ that: cel('bool'), deadline: duration().default('10s') }),
  shorthand: 'that',
  by: 'harness',
  explain: (a) => `wait until ${a.that} (at most ${a.deadline})`,
  run: (args, { lab, evaluate, signal }) =>
    lab.until(() => evaluate(args.that) === true, args.that, args.deadline, signal),
});

export const silence = defineStep({
  kind: 'wait',
  about: 'lets time pass, where the silence itself is the experiment',
  schema: z.strictObject({ for: duration(), because: z.string().min(1) }),
  by: 'harness',
  explain: (a) => `wait ${a.for}: ${a.because}`,
  run: (args, { lab, signal }) => lab.sleep(secondsOf(args.for)!, signal),
});

export const join = defineStep({
  kind: 'join',
  about: 'waits for a step that runs beside',
  schema: z.strictObject({ step: z.string().meta({ refers: { kind: 'name', types: [] } }) }),
  shorthand: 'step',
  by: 'harness',
  explain: (a) => `wait for ${a.step}`,
  run: (args, { join: wait }) => wait(args.step),
});

export const sysctl = defineStep({
  kind: 'sysctl',
  about: 'writes sysctls of one host while the scenario runs',
  schema: z.strictObject({ on: host(), set: sysctls() }),
  by: 'harness',
  explain: (a) => `sysctl on ${a.on}: ${Object.keys(a.set).join(' ')}`,
  async run(args, { lab }) {
    for (const [name, entry] of Object.entries(args.set)) {
      const value = typeof entry === 'object' ? entry.value : entry;
      if (lab.host(args.on).writeSysctl(name, value) === 'readonly')
        throw new FaultError(`${name} cannot be written on ${args.on}`, 'this kernel keeps it global');
    }
  },
});

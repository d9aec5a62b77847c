import { z } from 'zod';
import { LAUNCHERS } from '../launch/registry.ts';
import { REPORTERS } from '../report/registry.ts';
import { secondsOf } from '../scenario/duration.ts';

export interface OptionSpec {
  about: string;
  group: 'Selection:' | 'Where:' | 'How:' | 'Output:' | 'Help:';
  /** A switch takes no value; a list may be given many times. */
  shape: 'switch' | 'value' | 'list';
  /** Shown in the help and used where the option is not given; still text. */
  default?: string;
  schema: z.ZodType;
}

const text = z.string({ error: 'given more than once' }).min(1, 'empty');
const whole = (least: number) =>
  text
    .regex(/^\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .refine((value) => value >= least, `less than ${least}`);
const lasting = text.transform((value, context) => {
  const seconds = secondsOf(value);
  if (seconds !== undefined && seconds > 0) return seconds;
  context.addIssue('not a duration such as 500ms, 90s, 10m');
  return z.NEVER;
});
const list = z.array(z.string().min(1, 'empty')).default([]);
const flag = z.boolean().default(false);
/** Two switches for one choice, the given one or none. */
const given = z.boolean().optional();
const choice = <const T extends string>(...values: T[]) =>
  z.enum(values, {
    error: ({ input }) => (typeof input === 'string' ? `not one of ${values.join(', ')}` : 'given more than once'),
  });

/** Every option of every command, once. A command names those that it takes. */
export const OPTIONS = {
  tag: { about: 'only scenarios with this tag', group: 'Selection:', shape: 'list', schema: list },
  set: { about: 'a param: name=value, or name=1,2,8 for a sweep', group: 'Selection:', shape: 'list', schema: list },
  on: {
    about: `where the engine runs: ${Object.keys(LAUNCHERS).join(', ')}`,
    group: 'Where:',
    shape: 'value',
    schema: text.optional(),
  },
  kernel: { about: "host, this machine's own", group: 'Where:', shape: 'list', schema: list },
  clock: {
    about: 'real, or virtual: it jumps to the next timer',
    group: 'Where:',
    shape: 'value',
    default: 'real',
    schema: choice('real', 'virtual'),
  },
  repeat: { about: 'run each scenario so many times', group: 'How:', shape: 'value', default: '1', schema: whole(1) },
  jobs: { about: 'labs side by side', group: 'How:', shape: 'value', default: '64', schema: whole(1) },
  seed: { about: 'seed of everything random', group: 'How:', shape: 'value', default: '1', schema: whole(0) },
  timeout: {
    about: 'longest lab time of a scenario, else 120s, or twice what a long one says it lasts',
    group: 'How:',
    shape: 'value',
    schema: lasting.optional(),
  },
  'wall-timeout': {
    about: 'longest wall time of the run',
    group: 'How:',
    shape: 'value',
    default: '10m',
    schema: lasting,
  },
  strict: { about: 'an unexplained change of a counter is a failure', group: 'How:', shape: 'switch', schema: flag },
  'no-skip': { about: 'a skipped scenario is a failure', group: 'How:', shape: 'switch', schema: flag },
  full: { about: 'records keep before and after of every counter', group: 'Output:', shape: 'switch', schema: flag },
  reporter: {
    about: `${REPORTERS.map(({ name }) => name).join(', ')}; name=file writes a file`,
    group: 'Output:',
    shape: 'list',
    schema: list,
  },
  install: {
    about: 'as root, install the packages of missing programs first',
    group: 'How:',
    shape: 'switch',
    schema: flag,
  },
  quiet: { about: 'say nothing when all is well', group: 'Output:', shape: 'switch', schema: flag },
  json: { about: 'print exactly one JSON document', group: 'Output:', shape: 'switch', schema: flag },
  out: {
    about: 'where runs are kept, else TCPLAB_RESULTS, else results',
    group: 'Output:',
    shape: 'value',
    schema: text.optional(),
  },
  from: {
    about: 'a stored run instead: folder, file or last',
    group: 'Selection:',
    shape: 'value',
    schema: text.optional(),
  },
  force: { about: 'overwrite the file', group: 'Output:', shape: 'switch', schema: flag },
  color: { about: 'colour, whatever the output is', group: 'Output:', shape: 'switch', schema: given },
  'no-color': { about: 'no colour', group: 'Output:', shape: 'switch', schema: given },
  debug: { about: 'print the stack of an error', group: 'Help:', shape: 'switch', schema: flag },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;
export type Values<Name extends OptionName> = { [Key in Name]: z.output<(typeof OPTIONS)[Key]['schema']> };

/** Options that every command takes. */
export const COMMON = ['color', 'no-color', 'debug'] as const satisfies readonly OptionName[];

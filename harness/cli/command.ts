import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';
import { OPTIONS } from './options.ts';
import type { OptionName, OptionSpec, Values } from './options.ts';

interface Head {
  readonly name: string;
  /** What may follow the name, as yargs spells it: `[scenario..]`. */
  readonly positional?: string;
  readonly positionalAbout?: string;
  readonly about: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
}

/** A command as a value; `run` takes what yargs parsed and resolves to the exit code. */
export interface Command extends Head {
  readonly options: readonly OptionName[];
  run(context: Context, argv: Readonly<Record<string, unknown>>): Promise<number>;
}

export function command<Name extends OptionName>(
  definition: Head & {
    options: readonly Name[];
    run(context: Context, options: Values<Name>, positionals: readonly string[]): Promise<number>;
  },
): Command {
  const { positional, options } = definition;
  const key = positional?.replaceAll(/[[\]<>.]/g, '');
  return {
    ...definition,
    run: async (context, argv) => {
      const rest = key === undefined ? [] : [argv[key] ?? []].flat().map(String);
      return definition.run(context, values(options, argv), rest);
    },
  };
}

/** @throws UsageError that names the option and what was given */
function values<Name extends OptionName>(
  names: readonly Name[],
  argv: Readonly<Record<string, unknown>>,
): Values<Name> {
  const parsed: Partial<Record<OptionName, unknown>> = {};
  for (const name of names) {
    const spec: OptionSpec = OPTIONS[name];
    const result = spec.schema.safeParse(argv[name]);
    if (!result.success) {
      const what = result.error.issues[0]?.message ?? 'invalid';
      throw new UsageError(`--${name} ${[argv[name]].flat().join(' ')}: ${what}`, `tcplab <command> --help`);
    }
    parsed[name] = result.data;
  }
  return parsed as Values<Name>;
}

import { createRequire } from 'node:module';
import yargs from 'yargs';
import type { Argv } from 'yargs';
import { EXIT } from '../errors.ts';
import { terminalOutput } from '../report/terminal.ts';
import type { TerminalStream } from '../report/terminal.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { printJson } from './context.ts';
import type { Context } from './context.ts';
import type { Signals } from './interrupt.ts';
import { errorDocument, errorText, exitCodeOfError } from './failure.ts';
import { usageError } from './usage-error.ts';
import { COMMON, OPTIONS } from './options.ts';
import type { OptionName, OptionSpec } from './options.ts';

const EXIT_CODES = [
  'Exit codes:',
  '  0  passed',
  '  1  failed: an expectation broke, or a verdict is not the predicted one',
  '  2  usage, or an invalid scenario: nothing was started',
  '  3  all skipped, or this machine cannot run it',
  '  4  error: a fault of the harness, lost packets, a time limit',
  '  130, 143  interrupted',
].join('\n');

interface Chosen {
  command: Command;
  argv: Readonly<Record<string, unknown>>;
}

/** What a command line runs in: the process, or a test. */
export interface World {
  stdout: TerminalStream;
  stderr: TerminalStream;
  env: NodeJS.ProcessEnv;
  cwd: string;
  signals: Signals;
}

const processWorld = (): World => ({
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signals: process,
});

/** Runs one command line. @returns the exit code; everything thrown becomes text or a document. */
export async function main(argv: readonly string[], world: World = processWorld()): Promise<number> {
  const switched = (name: string) => argv.includes(`--${name}`);
  const colour = switched('no-color') ? false : switched('color') ? true : undefined;
  const { env, cwd, signals } = world;
  const context: Context = {
    stdout: terminalOutput(world.stdout, colour, env),
    stderr: terminalOutput(world.stderr, colour, env),
    stderrIsTTY: world.stderr.isTTY === true,
    env,
    cwd,
    signals,
    version: version(),
  };
  try {
    const chosen = await parse(argv, context);
    return chosen ? await chosen.command.run(context, chosen.argv) : argv.length > 0 ? EXIT.passed : EXIT.usage;
  } catch (error) {
    if (switched('json')) printJson(context, errorDocument(error));
    context.stderr.write(errorText(error, switched('debug')));
    return exitCodeOfError(error);
  }
}

/** What the command line asks for; undefined when it asked for help or the version, which is then printed. */
async function parse(argv: readonly string[], { stdout, version: ours }: Context): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const parser = yargs()
    .scriptName('tcplab')
    .locale('en')
    .updateStrings({ string: 'value', array: 'repeatable', boolean: 'switch' })
    .usage('$0 <command>\n\nLive socket experiments on real Linux, with counters, packets and verdicts.')
    .parserConfiguration({
      'greedy-arrays': false,
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .exitProcess(false)
    // Only throwing keeps yargs from running the command all the same.
    .fail((message, error) => {
      throw error && error.name !== 'YError' ? error : usageError(message ?? error?.message, argv);
    })
    .strict()
    .recommendCommands()
    .help()
    .version(ours)
    .group(['help', 'version'], 'Help:')
    .wrap(Math.min(100, stdout.columns))
    .epilogue(EXIT_CODES);
  for (const each of COMMANDS) {
    parser.command(
      [each.name, each.positional].filter(Boolean).join(' '),
      each.about,
      (own) => describe(own, each),
      (parsed) => void (chosen = { command: each, argv: parsed }),
    );
  }
  if (argv.length === 0) parser.showHelp((help) => stdout.write(`${help}\n`));
  else
    await parser.parseAsync([...argv], {}, (_error, _parsed, output) => void (output && stdout.write(`${output}\n`)));
  return chosen;
}

function describe(parser: Argv, { name, positional, positionalAbout, about, options, examples }: Command): Argv {
  parser.usage(`$0 ${[name, positional].filter(Boolean).join(' ')}\n\n${about}`);
  if (positional)
    parser.positional(positional.replaceAll(/[[\]<>.]/g, ''), { describe: positionalAbout ?? '', type: 'string' });
  for (const option of [...options, ...COMMON.filter((each) => !options.some((own) => own === each))])
    addOption(parser, option);
  parser.epilogue(EXIT_CODES);
  for (const [command, what] of examples) parser.example(`$0 ${command}`, what);
  return parser;
}

function addOption(parser: Argv, name: OptionName): void {
  const spec: OptionSpec = OPTIONS[name];
  parser.option(name, {
    describe: spec.about,
    group: spec.group,
    type: spec.shape === 'switch' ? 'boolean' : 'string',
    array: spec.shape === 'list',
    requiresArg: spec.shape !== 'switch',
    ...(spec.default === undefined ? {} : { default: spec.default, defaultDescription: spec.default }),
  });
}

function version(): string {
  const read: unknown = createRequire(import.meta.url)('../../package.json');
  return typeof read === 'object' && read !== null && 'version' in read ? String(read.version) : 'unknown';
}

import { UsageError } from '../errors.ts';
import { hintFor, nearest } from '../expression/did-you-mean.ts';
import { COMMANDS } from './commands.ts';
import { COMMON } from './options.ts';

/** yargs says an unknown command only by its guess, and of an unknown option nothing but its name. */
export function usageError(message: string, [first = '']: readonly string[]): UsageError {
  const command = COMMANDS.find(({ name }) => name === first);
  if (message.startsWith('Did you mean')) return new UsageError(`there is no command ${first}`, message.toLowerCase());
  const help = command ? `tcplab ${first} --help` : 'tcplab --help';
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1];
  if (unknown === undefined) return new UsageError(message, help);
  if (!command)
    return new UsageError(
      `there is no command ${unknown}`,
      hintFor(
        unknown,
        COMMANDS.map(({ name }) => name),
      ),
    );
  const near = nearest(unknown, [...command.options, ...COMMON]);
  return new UsageError(`${first} does not take ${unknown}`, near ? `did you mean --${near}?` : help);
}

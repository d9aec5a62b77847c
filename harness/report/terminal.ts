import type { WriteStream } from 'node:tty';
import type { Output } from './reporter.ts';
import { makeStyle, speaksUtf8, wantsColour } from './style.ts';

/** Columns of a table where no terminal says how many it has. */
const PIPED_COLUMNS = 100;
const FEWEST = 40;

/** A standard stream as reporters see it. `before` runs before each piece of text. */
export function terminalOutput(
  stream: Pick<WriteStream, 'write'> & { isTTY?: boolean; columns?: number },
  colour: boolean | undefined,
  env: NodeJS.ProcessEnv,
  before: () => void = () => undefined,
): Output {
  const isTTY = stream.isTTY === true;
  return {
    write(text) {
      before();
      stream.write(text);
    },
    get columns() {
      const asked = Number(env['COLUMNS']);
      const told = isTTY ? stream.columns : Number.isInteger(asked) && asked > 0 ? asked : undefined;
      return Math.max(FEWEST, told || PIPED_COLUMNS);
    },
    style: makeStyle(wantsColour(colour, env, isTTY), speaksUtf8(env)),
  };
}

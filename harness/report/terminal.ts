import type { Output } from './reporter.ts';
import { makeStyle, speaksUtf8, wantsColour } from './style.ts';

/** Columns of a table where no terminal says how many it has. */
const PIPED_COLUMNS = 100;
const FEWEST = 40;

export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A standard stream as reporters see it. */
export function terminalOutput(stream: TerminalStream, colour: boolean | undefined, env: NodeJS.ProcessEnv): Output {
  const isTTY = stream.isTTY === true;
  return {
    write: (text) => void stream.write(text),
    get columns() {
      const asked = Number(env['COLUMNS']);
      const told = isTTY ? stream.columns : Number.isInteger(asked) && asked > 0 ? asked : undefined;
      return Math.max(FEWEST, told || PIPED_COLUMNS);
    },
    style: makeStyle(wantsColour(colour, env, isTTY), speaksUtf8(env)),
  };
}

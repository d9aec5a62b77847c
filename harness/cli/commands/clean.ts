import { rmSync } from 'node:fs';
import { EXIT } from '../../errors.ts';
import { plural } from '../../report/label.ts';
import { resultsDirectory } from '../../results/folder.ts';
import { leftovers } from '../../results/leftovers.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';

export const clean = command({
  name: 'clean',
  about: 'Remove what a killed run left',
  options: ['out', 'json'],
  examples: [['clean', 'half-written files; namespaces and links never stay']],
  async run(context, { out, json }) {
    const removed = leftovers(resultsDirectory(out, context.env, context.cwd));
    for (const file of removed) rmSync(file);
    if (json) printJson(context, { schema: 'tcplab.clean/1', removed });
    else
      printLines(context, [...removed.map((file) => `removed ${file}`), `${plural(removed.length, 'file')} removed`]);
    return EXIT.passed;
  },
});

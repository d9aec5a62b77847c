import { EXIT } from '../../errors.ts';
import { plural } from '../../report/label.ts';
import { loadCatalogue } from '../catalogue.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';

export const check = command({
  name: 'check',
  positional: '[scenario..]',
  positionalAbout: 'ids, globs over ids, folders or files; all without any',
  about: 'Tell every problem of scenario files',
  options: ['json'],
  examples: [['check mine.yaml', 'file:line:column, a caret, a hint; exit code 2']],
  async run(context, { json }, selectors) {
    const { scenarios } = loadCatalogue({ selectors, tags: [], cwd: context.cwd, long: true, probes: true });
    if (json) printJson(context, { schema: 'tcplab.check/1', ok: true, scenarios: scenarios.map(({ id }) => id) });
    else printLines(context, [`${plural(scenarios.length, 'scenario')}, ok`]);
    return EXIT.passed;
  },
});

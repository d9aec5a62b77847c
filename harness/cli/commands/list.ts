import { EXIT } from '../../errors.ts';
import { visible } from '../../report/escape.ts';
import { plural } from '../../report/label.ts';
import { textTable } from '../../report/table.ts';
import { loadCatalogue } from '../catalogue.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';

export const list = command({
  name: 'list',
  positional: '[scenario..]',
  positionalAbout: 'ids, globs over ids, folders or files; all without any',
  about: 'List the scenarios with their tags and claims',
  options: ['tag', 'json'],
  examples: [['list --tag long', 'what a plain run leaves out']],
  async run(context, { tag, json }, selectors) {
    const { scenarios } = loadCatalogue({ selectors, tags: tag, cwd: context.cwd, long: true });
    if (json) {
      const listed = scenarios.map(({ id, title, file, tags, articles, needs, claims }) => ({
        id,
        title,
        file,
        tags,
        articles,
        claims: claims.map((claim) => claim.id),
        needs,
      }));
      printJson(context, { schema: 'tcplab.list/1', scenarios: listed });
      return EXIT.passed;
    }
    const rows = scenarios.map(({ id, title, tags, claims }) =>
      [id, title, tags.join(' '), claims.length > 0 ? String(claims.length) : ''].map(visible),
    );
    const columns = [
      { title: 'scenario' },
      { title: 'title' },
      { title: 'tags', most: 16 },
      { title: 'claims', right: true, most: 0 },
    ];
    printLines(context, [
      ...textTable({ columns, rows }, context.stdout.columns),
      '',
      plural(scenarios.length, 'scenario'),
    ]);
    return EXIT.passed;
  },
});

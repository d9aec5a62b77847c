import { UsageError } from '../../errors.ts';
import { LAUNCHERS } from '../../launch/registry.ts';
import { claimTables } from '../../report/claims-table.ts';
import { claimsText } from '../../report/claims-text.ts';
import { legendText, reasonsOf } from '../../report/legend.ts';
import { recordLabels } from '../../report/broken.ts';
import { visible } from '../../report/escape.ts';
import { plural } from '../../report/label.ts';
import { groupBy } from '../../report/group-by.ts';
import { skippedLines } from '../../report/skipped.ts';
import { WORDS, spell } from '../../report/style.ts';
import { untestableText } from '../../report/untestable-text.ts';
import { resultsDirectory } from '../../results/folder.ts';
import { readRun } from '../../results/read.ts';
import type { Run } from '../../results/record.ts';
import { claimsOf } from '../../results/summary.ts';
import { loadCatalogue, loadClaimsList, loadKnown } from '../catalogue.ts';
import type { Catalogue } from '../catalogue.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';
import type { Context } from '../context.ts';
import { EXIT_OF, execute } from '../execute.ts';
import { progressOnly } from '../reporters.ts';
import { buildRequest } from '../request.ts';

interface Known extends Pick<Catalogue, 'articles' | 'changes'> {
  /** Where every article was asked for: what they say, sentence by sentence. */
  list?: ReturnType<typeof loadClaimsList>;
}

export const claims = command({
  name: 'claims',
  positional: '[scenario..]',
  positionalAbout: 'ids, globs over ids, folders or files; all that have claims without any',
  about: 'What the articles say, and what this kernel does',
  options: ['tag', 'from', 'jobs', 'seed', 'timeout', 'wall-timeout', 'no-skip', 'json', 'out'],
  examples: [
    ['claims', 'runs the scenarios that have claims'],
    ['claims --from last', 'the table of a run that is kept'],
  ],
  async run(context, options, selectors) {
    const directory = resultsDirectory(options.out, context.env, context.cwd);
    if (options.from !== undefined) {
      if (selectors.length > 0)
        throw new UsageError('--from takes the scenarios from the stored run', 'leave out the names');
      const { run } = readRun(options.from, directory);
      show(context, run, loadKnown(context.cwd), options.json);
      return EXIT_OF[run.verdict];
    }
    const catalogue = loadCatalogue({ selectors, tags: options.tag, cwd: context.cwd });
    const scenarios = catalogue.scenarios.filter((scenario) => scenario.claims.length > 0);
    if (scenarios.length === 0)
      throw new UsageError('no scenario that is selected has claims', 'tcplab list shows who has');
    const launcher = LAUNCHERS['local']!;
    const request = buildRequest(
      { ...catalogue, scenarios },
      {
        ...options,
        timeout: options.timeout ?? null,
        set: [],
        repeat: 1,
        full: false,
        noSkip: options['no-skip'],
        launcher: launcher.name,
      },
      context.cwd,
    );
    const { run, exitCode } = await execute(context, {
      request,
      launcher,
      directory,
      reporter: progressOnly(context),
      articles: catalogue.articles,
      wallTimeout: options['wall-timeout'],
      strict: false,
    });
    const whole = selectors.length + options.tag.length === 0;
    show(context, run, { ...catalogue, ...(whole ? { list: loadClaimsList(context.cwd) } : {}) }, options.json);
    return exitCode;
  },
});

function show(context: Context, run: Run, { articles, changes, list }: Known, json: boolean): void {
  if (json) {
    const decided = claimsOf(run).map(({ record, claim }) => ({
      scenario: record.scenario.id,
      params: record.scenario.params,
      ...claim,
    }));
    const kernels = [...new Map(run.records.map(({ on }) => [on.kernel.release, on.kernel])).values()];
    const notTestable = list?.sentences.flatMap(({ article, section, says, why }) =>
      why === undefined ? [] : [{ article, section, says, why }],
    );
    printJson(context, {
      schema: 'tcplab.claims/1',
      run: run.id,
      verdict: run.verdict,
      kernels,
      claims: decided,
      ...(notTestable ? { notTestable } : {}),
    });
    return;
  }
  const kernels = [...new Set(run.records.map(({ on }) => `${on.kernel.release} (${on.kernel.id})`))];
  const names = recordLabels(run.records);
  const reasons = reasonsOf(run, changes);
  const others = run.records.flatMap(({ verdict, reason }, index) =>
    verdict === 'passed' || verdict === 'skipped' || reason.code === 'interrupted'
      ? []
      : [`${WORDS[verdict].padEnd(5)}  ${visible(names[index]!)}  (${visible(reason.text)})`],
  );
  const interrupted = run.records.filter(({ reason }) => reason.code === 'interrupted').length;
  if (interrupted > 0) others.push(`partial: ${plural(interrupted, 'record')} of ${run.records.length} interrupted`);
  const skipped = [...groupBy(run.records, ({ scenario }) => scenario.id).values()].flatMap((records) =>
    skippedLines(records, records.length).map((line) => `${WORDS.skipped.padEnd(5)}  ${line}`),
  );
  const lines = [
    ...kernels.map((kernel) => `kernel ${visible(kernel)}`),
    ...claimTables(run).flatMap((each) => ['', ...claimsText(each, context.stdout, articles)]),
    ...(reasons.length > 0
      ? [
          '',
          context.stdout.style.colour.bold('Why this kernel differs'),
          ...legendText(reasons, context.stdout.columns),
        ]
      : []),
    ...(others.length + skipped.length > 0 ? ['', ...others, ...skipped] : []),
    ...(list
      ? [
          '',
          context.stdout.style.colour.bold('Not testable on one machine'),
          ...untestableText(list.sentences, list.file),
        ]
      : []),
  ];
  printLines(
    context,
    lines.map((line) => spell(context.stdout.style, line)),
  );
}

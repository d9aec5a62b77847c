import { UsageError } from '../../errors.ts';
import { hintFor } from '../../expression/did-you-mean.ts';
import { LAUNCHERS } from '../../launch/registry.ts';
import type { Launcher } from '../../launch/launcher.ts';
import { resultsDirectory } from '../../results/folder.ts';
import { loadCatalogue } from '../catalogue.ts';
import { command } from '../command.ts';
import { execute } from '../execute.ts';
import { openReporters } from '../reporters.ts';
import { buildRequest } from '../request.ts';
import { runCoverage } from '../run-coverage.ts';

export const run = command({
  name: 'run',
  positional: '[scenario..]',
  positionalAbout: 'ids, globs over ids, folders or files; all but the long ones without any',
  about: 'Run scenarios: what held, what broke, and why',
  options: [
    'tag',
    'set',
    'on',
    'kernel',
    'clock',
    'repeat',
    'jobs',
    'seed',
    'timeout',
    'wall-timeout',
    'strict',
    'no-skip',
    'reporter',
    'json',
    'out',
    'full',
  ],
  examples: [
    ['run', 'everything but the long ones'],
    ["run 'queues/*' --repeat 3", 'three times each'],
    ['run mine.yaml --set backlog=7', 'a file of your own'],
    ['run --reporter markdown=report.md', 'a document beside the text'],
  ],
  async run(context, options, selectors) {
    const launcher = chooseLauncher(options.on, options.kernel, options.clock);
    const catalogue = loadCatalogue({ selectors, tags: options.tag, cwd: context.cwd });
    if (catalogue.scenarios.length === 0) {
      const what = options.tag.length > 0 ? `has the tag ${options.tag.join(' or ')}` : 'is selected';
      throw new UsageError(`no scenario ${what}`, 'tcplab list shows them with their tags');
    }
    const request = buildRequest(
      catalogue,
      {
        set: options.set,
        repeat: options.repeat,
        jobs: options.jobs,
        seed: options.seed,
        timeout: options.timeout ?? null,
        full: options.full,
        noSkip: options['no-skip'],
        launcher: launcher.name,
      },
      context.cwd,
    );
    const { exitCode } = await execute(context, {
      request,
      launcher,
      directory: resultsDirectory(options.out, context.env, context.cwd),
      reporter: openReporters(context, options.reporter, options.json),
      articles: catalogue.articles,
      coverage: (run) => runCoverage(catalogue.diagram, run),
      wallTimeout: options['wall-timeout'],
      strict: options.strict,
    });
    return exitCode;
  },
});

/** @throws UsageError for places that do not exist or do not go together */
function chooseLauncher(on: string | undefined, kernels: readonly string[], clock: 'real' | 'virtual'): Launcher {
  const name = on ?? 'local';
  const launcher = LAUNCHERS[name];
  if (!launcher) throw new UsageError(`there is no launcher ${name}`, hintFor(name, Object.keys(LAUNCHERS)));
  const other = kernels.find((id) => id !== 'host');
  if (other !== undefined) {
    throw new UsageError(
      on === undefined
        ? `there is no kernel ${other}`
        : `--on ${name} runs on this machine's own kernel, not on ${other}`,
      'the one kernel here is --kernel host',
    );
  }
  if (clock === 'virtual') throw new UsageError(`--on ${name} has the real clock only`, '--clock real');
  return launcher;
}

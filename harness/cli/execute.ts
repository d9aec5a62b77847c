import { EXIT, TcplabError } from '../errors.ts';
import type { EngineEvent, Request } from '../engine/protocol.ts';
import type { Launcher } from '../launch/launcher.ts';
import type { Reporter, RunInfo } from '../report/reporter.ts';
import { Collector } from '../results/collect.ts';
import { RunFolder, newRunId } from '../results/folder.ts';
import type { Run, Verdict } from '../results/record.ts';
import type { Context } from './context.ts';
import { watchInterrupt } from './interrupt.ts';
import { shownPath } from './scenario-files.ts';

export const EXIT_OF: Readonly<Record<Verdict, number>> = {
  passed: EXIT.passed,
  failed: EXIT.failed,
  skipped: EXIT.unable,
  error: EXIT.fault,
};

export interface Execution {
  request: Request;
  launcher: Launcher;
  /** The folder that keeps runs. */
  directory: string;
  reporter: Reporter;
  /** Titles of articles by id. */
  articles: ReadonlyMap<string, string>;
  coverage?: RunInfo['coverage'];
  /** Seconds. */
  wallTimeout: number;
  strict: boolean;
}

/**
 * Runs a request: events go to the run's folder, the collector and the reporters; what there is at the end is kept and told.
 * @returns the run, and the exit code that it means
 * @throws UsageError when the folder cannot be written, UnableError when the launcher could not even begin
 */
export async function execute(context: Context, execution: Execution): Promise<{ run: Run; exitCode: number }> {
  const { request, launcher, reporter, wallTimeout } = execution;
  const head = { id: newRunId(), version: context.version, request };
  const folder = new RunFolder(execution.directory, head);
  const collector = new Collector(head);
  using interrupt = watchInterrupt(context.signals, (message) => {
    reporter.clear?.();
    context.stderr.write(`${message}\n`);
  });

  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    reporter.begin({
      id: head.id,
      plans: request.plans,
      launcher: launcher.name,
      folder: shownPath(folder.path, context.cwd),
      articles: execution.articles,
      coverage: execution.coverage,
      changes: execution.request.changes,
    });
  };
  const on = (event: EngineEvent) => {
    begin();
    const kept = folder.on(event);
    collector.on(kept);
    reporter.event(kept);
  };
  try {
    await launcher.run(request, on, { signal: interrupt.stop, kill: interrupt.kill, wallTimeout });
  } catch (error) {
    if (!begun && interrupt.exitCode === undefined) {
      folder.discard();
      throw error;
    }
    if (interrupt.exitCode === undefined) on({ type: 'fault', ...described(error) });
  }
  begin();
  const run = collector.run(interrupt.exitCode !== undefined);
  folder.finish(run);
  reporter.end(run);
  return { run, exitCode: interrupt.exitCode ?? exitCodeOf(context, run, execution.strict) };
}

function exitCodeOf({ stderr }: Context, run: Run, strict: boolean): number {
  const unexplained = run.records.filter((record) => (record.unexplained?.length ?? 0) > 0).length;
  if (strict && unexplained > 0 && run.verdict !== 'error') {
    stderr.write(`strict: counters changed without explanation in ${unexplained} records\n`);
    return EXIT.failed;
  }
  return EXIT_OF[run.verdict];
}

function described(error: unknown): { message: string; stack?: string } {
  if (error instanceof TcplabError) return { message: error.hint ? `${error.message} (${error.hint})` : error.message };
  if (error instanceof Error) return { message: error.message, ...(error.stack ? { stack: error.stack } : {}) };
  return { message: String(error) };
}

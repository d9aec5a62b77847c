import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { hintFor } from '../expression/did-you-mean.ts';
import { LiveBlock } from '../report/live.ts';
import { multiplex } from '../report/multiplexer.ts';
import { REPORTERS } from '../report/registry.ts';
import type { Output, Reporter, ReporterKind } from '../report/reporter.ts';
import { makeStyle } from '../report/style.ts';
import type { Context } from './context.ts';

interface Wanted {
  kind: ReporterKind;
  file: string | undefined;
}

/**
 * The reporters of a run: what `--reporter` asks for, text on standard output unless something else writes there,
 * and a live block where standard error is a terminal.
 * @throws UsageError for an unknown name, two that write to standard output, or a file that cannot be written
 */
export function openReporters(context: Context, asked: readonly string[], json: boolean): Reporter {
  const wanted = [...asked, ...(json ? ['json'] : [])].map(parseReporter);
  const onStdout = wanted.filter(({ file }) => file === undefined);
  if (onStdout.length > 1) {
    const names = onStdout.map(({ kind }) => kind.name).join(' and ');
    throw new UsageError(
      `${names} would both write to standard output`,
      'give one of them a file: --reporter name=file',
    );
  }
  if (onStdout.length === 0) wanted.unshift(parseReporter('text'));

  const live = context.stderrIsTTY ? new LiveBlock(context.stderr) : undefined;
  const stdout: Output = live ? above(live, context.stdout) : context.stdout;
  const reporters = wanted.map(({ kind, file }) => ({
    name: file === undefined ? kind.name : `${kind.name}=${file}`,
    reporter: kind.make(file === undefined ? stdout : fileOutput(resolve(context.cwd, file))),
  }));
  return multiplex([...(live ? [{ name: 'live', reporter: live }] : []), ...reporters], (name, error) => {
    const why = error instanceof Error ? error.message : String(error);
    live?.clear();
    context.stderr.write(`warning: the reporter ${name} failed and is left out: ${why}\n`);
  });
}

/** A live block on a terminal, and nothing else. */
export const progressOnly = (context: Context): Reporter =>
  multiplex(context.stderrIsTTY ? [{ name: 'live', reporter: new LiveBlock(context.stderr) }] : [], () => undefined);

function parseReporter(spec: string): Wanted {
  const [, name = spec, file] = /^([^=]*)=(.*)$/s.exec(spec) ?? [];
  const kind = REPORTERS.find((reporter) => reporter.name === name);
  const known = REPORTERS.map((reporter) => reporter.name);
  if (!kind) throw new UsageError(`there is no reporter ${name}`, hintFor(name, known));
  if (file === '') throw new UsageError(`--reporter ${spec}: the file has no name`, `--reporter ${name}=report.txt`);
  return { kind, file };
}

/** Text printed where the live block stands pushes it down. */
function above(live: LiveBlock, output: Output): Output {
  return {
    write(text) {
      live.clear();
      output.write(text);
    },
    get columns() {
      return output.columns;
    },
    style: output.style,
  };
}

/** Opened before anything runs, so that a bad path costs nothing. */
function fileOutput(path: string): Output {
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (cause) {
    throw new UsageError(`cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  process.once('exit', () => closeSync(fd));
  return { write: (text) => void writeSync(fd, text), columns: 100, style: makeStyle(false, true) };
}

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { EngineEvent } from '../engine/protocol.ts';
import { EXIT, TcplabError, UsageError } from '../errors.ts';
import { digest } from './canonical.ts';
import { Collector } from './collect.ts';
import type { RunHead } from './collect.ts';
import { JOURNAL_FILE, RUN_FILE } from './folder.ts';
import { RUN_SCHEMA, run as runSchema } from './record.ts';
import type { Run } from './record.ts';

export interface StoredRun {
  run: Run;
  /** The folder in which its captures lie. */
  folder: string;
}

const unreadable = (file: string, what: string, hint: string) =>
  new TcplabError(`${file}: ${what}`, { code: 'RUN', exitCode: EXIT.usage, hint });

/**
 * Reads a stored run: a folder, a file, or `last` for the newest of `directory`.
 * @throws TcplabError when there is none, or it is of another version, truncated or edited
 */
export function readRun(which: string, directory: string): StoredRun {
  const path = which === 'last' ? newest(directory) : existing(which, directory);
  if (!statSync(path).isDirectory())
    return { run: parseRun(readFileSync(path, 'utf8'), path), folder: resolve(path, '..') };
  const file = join(path, RUN_FILE);
  if (existsSync(file)) return { run: parseRun(readFileSync(file, 'utf8'), file), folder: path };
  const journal = join(path, JOURNAL_FILE);
  if (existsSync(journal)) return { run: replay(readFileSync(journal, 'utf8'), journal), folder: path };
  throw unreadable(path, `holds no ${RUN_FILE}`, 'a run is a folder that `tcplab run` made');
}

/** Checks the text of a run.json. */
export function parseRun(text: string, file: string): Run {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable(file, 'is no whole JSON document: truncated, or not a run', 'run the scenarios again');
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema !== RUN_SCHEMA) {
    const found = schema === undefined ? 'has no schema' : `has the schema ${JSON.stringify(schema)}`;
    throw unreadable(
      file,
      `${found}; this tcplab reads ${RUN_SCHEMA}`,
      'read it with the tcplab that wrote it, or run again',
    );
  }
  const parsed = runSchema.safeParse(value);
  if (!parsed.success) throw unreadable(file, `is not a run: ${firstIssue(parsed.error)}`, 'was it edited by hand?');
  const measured = digest(parsed.data);
  if (measured !== parsed.data.digest)
    throw unreadable(
      file,
      `was edited after it was written: its digest is ${measured}, it says ${parsed.data.digest}`,
      'run again',
    );
  return parsed.data;
}

/** A run whose tcplab was killed before it could write run.json. */
function replay(text: string, file: string): Run {
  // The last line may be cut: a kill can fall into a write.
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
  if (lines.length === 0) throw unreadable(file, 'is empty', 'the run was killed before it began');
  const head = JSON.parse(lines[0]!) as RunHead;
  const collector = new Collector(head);
  for (const line of lines.slice(1)) collector.on(JSON.parse(line) as EngineEvent);
  return parseRun(JSON.stringify(collector.run(true)), file);
}

function existing(which: string, directory: string): string {
  const found = [resolve(which), join(directory, which)].find((path) => existsSync(path));
  if (!found)
    throw new UsageError(
      `there is no run ${which}`,
      `a run is a folder, a run.json, an id below ${directory}, or \`last\``,
    );
  return found;
}

function newest(directory: string): string {
  const runs = existsSync(directory) ? readdirSync(directory).filter((name) => /^\d{8}-\d{6}-/.test(name)) : [];
  const last = runs.toSorted().at(-1);
  if (!last) throw new UsageError(`there is no run in ${directory} yet`, 'make one: tcplab run');
  return join(directory, last);
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.') || 'the document'}: ${issue.message}` : 'unknown';
}

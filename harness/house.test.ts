import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { COMMANDS } from './cli/commands.ts';
import { STEPS } from './steps/registry.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The pure contract that launchers, reporters and commands share with the engine. */
const PROTOCOL = 'engine/protocol.ts';
const RECORD = 'results/record.ts';
const UNFINISHED = 'results/unfinished.ts';

/** What each folder of harness/ may import from the others, as folders or single files; errors.ts is for all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  evidence: [],
  scenario: ['evidence', 'expression'],
  // The types of what is checked, not the checking.
  expression: ['evidence', 'scenario/model.ts', 'scenario/step-kind.ts'],
  verdict: ['evidence', 'expression', 'scenario', RECORD],
  linux: ['evidence'],
  host: ['linux', 'evidence', 'scenario/duration.ts'],
  steps: ['host', 'evidence', 'scenario'],
  engine: ['steps', 'verdict', 'host', 'linux', 'evidence', 'expression', 'scenario', RECORD, UNFINISHED],
  results: ['evidence', 'scenario', PROTOCOL],
  report: ['results', 'evidence', 'scenario', PROTOCOL],
  kernels: ['scenario', 'verdict', RECORD],
  launch: ['kernels', 'scenario', 'results', PROTOCOL],
  cli: ['launch', 'report', 'results', 'kernels', 'scenario', 'expression', 'verdict', 'evidence', 'steps', PROTOCOL],
  bench: ['cli', 'launch', 'results', 'scenario', PROTOCOL],
  mutate: ['cli', 'launch', 'results', 'scenario', 'expression', PROTOCOL],
};

/** Builtins that a pure folder may use: they compute and touch nothing. */
const COMPUTING = ['node:crypto', 'node:util'];
const PURE = ['scenario/', 'expression/', 'evidence/', 'verdict/', RECORD, UNFINISHED, PROTOCOL];
const TOUCHING = ['koffi', 'execa', 'dockerode'];

const MOST_LINES = 300;

/** Files that may be longer, for they are tables. */
const TABLES: readonly string[] = [];

interface Module {
  /** Path below harness/. */
  file: string;
  test: boolean;
  lines: number;
  imports: string[];
  /** Types that switch the checker off, as `line: text`. */
  unchecked: string[];
}

function tracked(): string[] {
  const asked = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout } = spawnSync('git', asked, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) return unpacked();
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

/** The same of a tree without git, or of somebody else's, which git does not read. */
function unpacked(): string[] {
  const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
  const made = new Set(['.git', ...ignored.map((line) => line.replace(/\/\*?$/, ''))]);
  const walk = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (made.has(path)) return [];
      return entry.isDirectory() ? walk(path) : [path];
    });
  return walk('');
}

function parse(path: string): Module {
  const text = readFileSync(path, 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: string[] = [];
  const unchecked = [...text.matchAll(/@ts-(?:ignore|expect-error|nocheck)/g)].map(([word]) => word);
  const visit = (node: ts.Node): void => {
    const named = ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined;
    const called = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const from = called ? node.arguments[0] : named;
    if (from !== undefined && ts.isStringLiteral(from)) imports.push(from.text);
    const twice = ts.isAsExpression(node) && ts.isAsExpression(node.expression);
    if (node.kind === ts.SyntaxKind.AnyKeyword || (twice && !node.getText().endsWith('as const'))) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      unchecked.push(`${line + 1}: ${node.parent.getText().split('\n')[0] ?? ''}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const file = relative(join(ROOT, 'harness'), path);
  const test = /\.test\.ts$|(^|\/)fixtures\//.test(file);
  return { file, test, lines: text.split('\n').length - 1, imports, unchecked };
}

/** The file below harness/ that a relative import names. */
function target(from: Module, specifier: string): string {
  return join(dirname(from.file), specifier);
}

function allowed(from: Module, to: string): boolean {
  const [folder = '', ...rest] = from.file.split('/');
  if (rest.length === 0 || to === 'errors.ts' || to.startsWith(`${folder}/`)) return true;
  return (MAY_IMPORT[folder] ?? []).some((entry) => to === entry || to.startsWith(`${entry}/`));
}

const files = tracked();
const modules = files.filter((file) => /^harness\/.*\.ts$/.test(file)).map((file) => parse(join(ROOT, file)));
const shipped = modules.filter(({ test }) => !test);

/** `a.ts -> b.ts` for every import of `from` that `wrong` finds. */
function offending(from: readonly Module[], wrong: (module: Module, specifier: string) => boolean): string[] {
  return from.flatMap((module) =>
    module.imports.filter((specifier) => wrong(module, specifier)).map((specifier) => `${module.file} -> ${specifier}`),
  );
}

t.test('imports run one way', async (t) => {
  t.ok(shipped.length > 50, 'there is something to check');
  const relatives = (specifier: string) => specifier.startsWith('.');
  t.same(
    offending(shipped, (module, specifier) => relatives(specifier) && !allowed(module, target(module, specifier))),
    [],
  );
  const known = shipped.map(({ file }) => file.split('/')).flatMap(([folder, file]) => (file ? [folder] : []));
  t.same(
    [...new Set(known)].filter((folder) => MAY_IMPORT[folder ?? ''] === undefined),
    [],
    'every folder stands in the table',
  );
});

t.test('pure folders touch nothing of the system', async (t) => {
  const pure = shipped.filter(({ file }) => PURE.some((prefix) => file.startsWith(prefix)));
  const touches = (specifier: string) =>
    TOUCHING.includes(specifier) || (isBuiltin(specifier) && !COMPUTING.includes(specifier));
  t.same(
    offending(pure, (_, specifier) => touches(specifier)),
    [],
  );
});

t.test('only linux/ calls the system by koffi', async (t) => {
  const others = modules.filter(({ file }) => !file.startsWith('linux/'));
  t.same(
    offending(others, (_, specifier) => specifier === 'koffi'),
    [],
  );
  t.not(offending(modules, (_, specifier) => specifier === 'koffi').length, 0, 'linux/ does');
});

t.test('builtins are imported as node:, our own files with their suffix', async (t) => {
  t.same(
    offending(modules, (_, specifier) => isBuiltin(specifier) && !specifier.startsWith('node:')),
    [],
  );
  t.same(
    offending(modules, (_, specifier) => specifier.startsWith('.') && !/\.(ts|js|json)$/.test(specifier)),
    [],
  );
});

t.test('nothing switches the type checker off', async (t) => {
  // This file names what it looks for.
  const others = modules.filter(({ file }) => file !== 'house.test.ts');
  t.same(
    others.flatMap(({ file, unchecked }) => unchecked.map((what) => `${file}:${what}`)),
    [],
  );
});

t.test('a file does one job', async (t) => {
  const long = shipped.filter(({ lines }) => lines > MOST_LINES).map(({ file }) => file);
  t.same(long, TABLES, `no file but the tables has more than ${MOST_LINES} lines, and every table does`);
  t.same(
    files.filter((file) => /^harness\/.*\.ts$/.test(file) && !/^[a-z0-9./-]+$/.test(file)),
    [],
    'names are kebab-case',
  );
});

t.test('tracked files name no registry and no place of one machine', async (t) => {
  const patterns = {
    registry: /\b(registry|mirrors?|packages|deb|security|archive|snapshot)\.[a-z0-9-]+\.(com|dev|io|net|org)\b/i,
    home: /\/(home|Users)\/[a-z]+\//,
    checkout: new RegExp(`${ROOT.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(/|\\b)`),
  };
  const texts = files.filter((file) => statSync(join(ROOT, file)).isFile());
  const found = texts.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return Object.entries(patterns).flatMap(([what, pattern]) => {
      const match = pattern.exec(text);
      return match === null ? [] : [`${file}: ${what}: ${match[0]}`];
    });
  });
  t.same(found, []);
  t.notMatch(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'), '"resolved":', 'the lock file names no source');
});

const checker = join(ROOT, 'dist/cli/catalogue.js');

t.test('every scenario file passes the check', { skip: !existsSync(checker) && 'not built' }, async (t) => {
  const main = join(ROOT, 'dist/cli/main.js');
  const said: unknown = JSON.parse(execFileSync(process.execPath, [main, 'check', '--json'], { encoding: 'utf8' }));
  t.match(said, { schema: 'tcplab.check/1', ok: true });
});

t.test('the README tells every step and command', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  for (const { kind, about, outcome } of STEPS) {
    const fields = outcome ? ` ${Object.keys(outcome.fields).join(' ')} |` : '';
    t.ok(readme.includes(`| \`${kind}\` | ${about} |${fields}`), `step ${kind}`);
  }
  for (const { name } of COMMANDS)
    t.match(readme, new RegExp(`(tcplab |, )\`?${name}\\b|\`${name}`), `command ${name}`);
});

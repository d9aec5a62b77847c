import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import { hintFor } from '../expression/did-you-mean.ts';

/** The scenarios that come with tcplab. */
export const BUILT_IN = fileURLToPath(new URL('../../scenarios', import.meta.url));

/** Files of the folder that hold data for scenarios and are none themselves. */
const DATA = new Set(['articles.yaml', 'changes.yaml', 'laws.yaml', 'profiles.yaml', 'states.yaml']);

/** Probes answer for changes; nobody runs them for themselves. */
const PROBES = 'probes/';

export interface ScenarioFile {
  /** Path below the built-in folder without `.yaml`; of a file elsewhere the path as a person would write it. */
  id: string;
  /** Absolute. */
  path: string;
  /** Relative to the working directory where that is shorter, for messages. */
  shown: string;
  /** Picked by its name, not by a default. */
  asked: boolean;
}

/** Every built-in scenario, by id. */
export function builtIn(cwd: string): ScenarioFile[] {
  return yamlFiles(BUILT_IN)
    .filter((path) => !DATA.has(relative(BUILT_IN, path)))
    .map((path) => scenarioFile(path, cwd, false));
}

/**
 * Files that selectors name: an id, a glob over ids, a folder of ids, or the path of a file or folder. None: all but probes.
 * @throws UsageError for a selector that names nothing
 */
export function selectFiles(selectors: readonly string[], cwd: string): ScenarioFile[] {
  const known = builtIn(cwd);
  if (selectors.length === 0) return known;
  const chosen = selectors.flatMap((selector) => {
    const found = byId(known, selector) ?? byPath(selector, cwd);
    if (!found)
      throw new UsageError(
        `there is no scenario ${selector}`,
        hintFor(
          selector,
          known.map(({ id }) => id),
        ) ?? 'tcplab list shows them all',
      );
    return found;
  });
  return [...new Map(chosen.map((file) => [file.path, file])).values()];
}

export const isProbe = ({ id }: Pick<ScenarioFile, 'id'>): boolean => id.startsWith(PROBES);

function byId(known: readonly ScenarioFile[], selector: string): ScenarioFile[] | undefined {
  const exact = known.find(({ id }) => id === selector);
  if (exact) return [{ ...exact, asked: true }];
  const folder = `${selector.replace(/\/$/, '')}/`;
  const matches = globbed(selector);
  const many = known.filter((file) => file.id.startsWith(folder) || (matches(file.id) && !isProbe(file)));
  return many.length > 0 ? many.map((file) => ({ ...file, asked: isProbe(file) })) : undefined;
}

function byPath(selector: string, cwd: string): ScenarioFile[] | undefined {
  const path = resolve(cwd, selector);
  if (!existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) return [scenarioFile(path, cwd, true)];
  const files = yamlFiles(path).filter((file) => !DATA.has(relative(BUILT_IN, file)));
  return files.length > 0 ? files.map((file) => scenarioFile(file, cwd, false)) : undefined;
}

/** Relative where that is the shorter way to say it. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near.startsWith('..') ? path : near;
}

function scenarioFile(path: string, cwd: string, asked: boolean): ScenarioFile {
  const shown = shownPath(path, cwd);
  const id = path.startsWith(BUILT_IN + sep) ? relative(BUILT_IN, path).replace(/\.ya?ml$/, '') : shown;
  return { id, path, shown, asked };
}

const yamlFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.ya?ml$/.test(name))
        .toSorted()
        .map((name) => join(folder, name))
    : [];

/** `*` is anything within a folder, `**` anything at all. */
function globbed(pattern: string): (id: string) => boolean {
  const source = pattern.replaceAll(/\*\*|\*|[^*]+/g, (part) =>
    part === '**' ? '.*' : part === '*' ? '[^/]*' : literal(part),
  );
  const expression = new RegExp(`^${source}$`);
  return (id) => pattern.includes('*') && expression.test(id);
}

const literal = (text: string) => text.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&');

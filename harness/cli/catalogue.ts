import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { parseArticles } from '../scenario/articles.ts';
import { parseChanges } from '../scenario/changes.ts';
import { parseClaimsList } from '../scenario/claims-list.ts';
import type { Sentence } from '../scenario/claims-list.ts';
import { parseLaws } from '../scenario/laws.ts';
import type { Change } from '../scenario/model.ts';
import { ScenarioError } from '../scenario/problem.ts';
import type { Problem } from '../scenario/problem.ts';
import { parseProfiles } from '../scenario/profiles.ts';
import { parseScenario } from '../scenario/scenario.ts';
import type { Scenario, ScenarioContext } from '../scenario/scenario.ts';
import { parseStateDiagram } from '../scenario/state-diagram.ts';
import type { StateDiagram } from '../scenario/state-diagram.ts';
import { STEPS } from '../steps/registry.ts';
import { BUILT_IN, builtIn, isProbe, selectFiles, shownPath } from './scenario-files.ts';
import type { ScenarioFile } from './scenario-files.ts';

export interface Catalogue {
  /** Those that were selected. */
  scenarios: readonly Scenario[];
  changes: readonly Change[];
  /** Titles by id. */
  articles: ReadonlyMap<string, string>;
  /** The states of TCP and where their arrows are walked. */
  diagram: StateDiagram;
  /** What a scenario may refer to outside its file. */
  context: ScenarioContext;
}

export interface Selection {
  selectors: readonly string[];
  /** Only scenarios with one of these; none: all. */
  tags: readonly string[];
  cwd: string;
  /** Take the long ones and the previews too, though nobody named them. */
  long?: boolean;
  /** Take the probes too. */
  probes?: boolean;
}

/** Tag of scenarios that only run when somebody asks for them, by name, folder, glob or tag. */
const PREVIEW = 'preview';

/**
 * Reads and checks what is selected, every file of it.
 * @throws UsageError for what does not exist
 * @throws ScenarioError with the problems of all files
 */
export function loadCatalogue({ selectors, tags, cwd, long = false, probes = false }: Selection): Catalogue {
  const known = loadKnown(cwd);
  const { context } = known;
  const wantsProbes = probes || tags.includes('probe');
  const files = selectFiles(selectors, cwd).filter((file) => file.asked || wantsProbes || !isProbe(file));
  const asked = new Set(files.filter((file) => file.asked).map(({ id }) => id));
  const scenarios = parseAll(files, context).filter((scenario) => {
    const isLong = scenario.tags.includes('long');
    const isPreview = selectors.length === 0 && scenario.tags.includes(PREVIEW);
    if (tags.length > 0)
      return tags.some((tag) => scenario.tags.includes(tag) || (tag === 'probe' && isProbe(scenario)));
    return long || (!isLong && !isPreview) || asked.has(scenario.id);
  });
  return { ...known, scenarios };
}

/** What stands beside the scenarios: articles, changes, profiles, laws and the state diagram. */
export function loadKnown(cwd: string): Omit<Catalogue, 'scenarios'> {
  const articles = dataFile('articles.yaml', cwd, parseArticles) ?? [];
  const changes = dataFile('changes.yaml', cwd, parseChanges) ?? [];
  const profiles = dataFile('profiles.yaml', cwd, parseProfiles) ?? {};
  const laws = dataFile('laws.yaml', cwd, parseLaws) ?? [];
  const context = { steps: STEPS, profiles, changes, articles: articles.map(({ id }) => id), laws };
  const diagram = dataFile('states.yaml', cwd, parseStateDiagram) ?? { states: [], arrows: [] };
  return { diagram, changes, articles: new Map(articles.map(({ id, title }) => [id, title])), context };
}

/** What the articles say, sentence by sentence, and the file that has it. */
export function loadClaimsList(cwd: string): { file: string; sentences: Sentence[] } {
  const path = join(BUILT_IN, 'CLAIMS.md');
  return { file: shownPath(path, cwd), sentences: parseClaimsList(readText(path)) };
}

/** The built-in scenarios of these ids. @throws UsageError when there is none of an id */
export function loadById(ids: readonly string[], context: ScenarioContext, cwd: string): Map<string, Scenario> {
  const known = builtIn(cwd);
  const files = ids.map((id) => {
    const file = known.find((each) => each.id === id);
    if (!file) throw new UsageError(`changes.yaml names the probe ${id}, which does not exist`);
    return file;
  });
  return new Map(parseAll(files, context).map((scenario) => [scenario.id, scenario]));
}

function parseAll(files: readonly ScenarioFile[], context: ScenarioContext): Scenario[] {
  const problems: Problem[] = [];
  const scenarios = files.flatMap(({ id, path, shown }) => {
    try {
      return [parseScenario({ text: readText(path), file: shown, id }, context)];
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ScenarioError(problems);
  return scenarios;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function dataFile<Data>(name: string, cwd: string, parse: (text: string, file: string) => Data): Data | undefined {
  const path = join(BUILT_IN, name);
  return existsSync(path) ? parse(readText(path), shownPath(path, cwd)) : undefined;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { scenarioJsonSchema } from '../scenario/json-schema.ts';
import { plansOf } from '../scenario/plans.ts';
import { STEPS } from '../steps/registry.ts';
import { loadCatalogue } from './catalogue.ts';
import { BUILT_IN, isProbe } from './scenario-files.ts';

/** Claims that are listed in CLAIMS.md, by article; the other articles of articles.yaml have none. */
const LISTED = ['syn-accept-queues', 'netty-reset'];

/** Scenarios in which time passes without a state to wait for, and why the silence itself is the experiment. */
const SILENT: Readonly<Record<string, string>> = {
  'queues/http-request-times-out': 'tcp_invalid_ratelimit: no table shows how long ago the last challenge ACK was',
};

const { scenarios, changes, articles, context } = loadCatalogue({
  selectors: [],
  tags: [],
  cwd: BUILT_IN,
  long: true,
  probes: true,
});
const ordinary = scenarios.filter((scenario) => !isProbe(scenario));
const claims = ordinary.flatMap((scenario) => scenario.claims.map((claim) => ({ ...claim, scenario: scenario.id })));

interface Row {
  /** Article and section that it stands in. */
  article: string;
  section: string;
  /** Number of the line, and what the line says. */
  at: string;
  cell: string;
  /** Claims that it names. */
  ids: string[];
}

/** The rows of all tables of CLAIMS.md; an article's part begins with `## its-id`. */
function readRows(): Row[] {
  let [article, section] = ['', ''];
  return readFileSync(join(BUILT_IN, 'CLAIMS.md'), 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      article = /^## (\S+)/.exec(line)?.[1] ?? article;
      section = /^### (.+)/.exec(line)?.[1] ?? section;
      const cells = /^\| (.+) \| (.+) \|$/.exec(line);
      if (!line.startsWith('|') || /^\|[\s:|-]+\|$/.test(line)) return [];
      const [, says = '', cell = ''] = cells ?? [];
      if (says.startsWith('what the article says')) return [];
      const ids = [...cell.matchAll(/`([^`]*)`/g)].map(([, id = '']) => id);
      return [{ article, section, at: `${index + 1}: ${line}`, cell, ids }];
    });
}

const rows = readRows();

t.test('CLAIMS.md and the catalogue name the same claims', async (t) => {
  t.ok(rows.length > 100, 'the tables are found');
  t.same(
    rows.filter(({ cell }) => !/^(`[a-z0-9-]+`(, `[a-z0-9-]+`)*|not testable: .+)$/.test(cell)).map(({ at }) => at),
    [],
    'each row names claims, or says why there is none',
  );
  for (const article of LISTED) {
    t.ok(articles.has(article), `${article} stands in articles.yaml`);
    const listed = rows.filter((row) => row.article === article).flatMap(({ ids }) => ids);
    const known = claims.filter((claim) => claim.article === article).map(({ id }) => id);
    const missing = (ids: string[], from: string[]) => ids.filter((id) => !from.includes(id));
    t.same(missing(listed, known), [], `${article}: every id of CLAIMS.md is a claim of the catalogue`);
    t.same(missing(known, listed), [], `${article}: every claim of the catalogue stands in CLAIMS.md`);
  }
  t.same(
    rows.filter(({ article }) => !LISTED.includes(article)).map(({ at }) => at),
    [],
    'there are tables for these articles only',
  );
  for (const article of [...articles.keys()].filter((id) => !LISTED.includes(id))) {
    const written = claims.filter((claim) => claim.article === article).map(({ id }) => id);
    t.same(written, [], `${article} has no claims, as CLAIMS.md says`);
  }
});

t.test('a claim names a section in which CLAIMS.md has it', async (t) => {
  const elsewhere = claims.filter(
    ({ id, section }) => !rows.some((row) => row.section === section && row.ids.includes(id)),
  );
  t.same(
    elsewhere.map(({ id, section }) => `${id}: ${section}`),
    [],
  );
});

t.test('claims', async (t) => {
  const ids = claims.map(({ id }) => id);
  t.ok(ids.length > 100);
  const twice = ids.filter((id, index) => ids.indexOf(id) < index);
  t.same(
    claims.filter(({ id }) => twice.includes(id)).map(({ id, scenario }) => `${id} in ${scenario}`),
    [],
    'each id stands in one scenario',
  );
  const written = ordinary.flatMap(({ definition }) => definition.file.claims);
  t.same(
    written.filter(({ holds, instead }) => (holds === 'always') !== (instead === undefined)).map(({ id }) => id),
    [],
    'a claim tells what happens instead where it does not hold, and only such a claim does',
  );
});

t.test('every scenario plans, and judges something', async (t) => {
  for (const scenario of ordinary) {
    const plans = plansOf(scenario);
    t.equal(
      plans.length,
      Object.values(scenario.params).reduce((count, values) => count * values.length, 1),
      `${scenario.id}: a plan for each combination`,
    );
    t.ok(
      plans.every(({ expect }) => expect.length > 0),
      `${scenario.id}: each has an expectation`,
    );
    const { expect: expectations, claims } = scenario.definition.file;
    const judged = new Set(plans.flatMap(({ expect }) => expect.map(({ that }) => that.position.line)));
    t.equal(judged.size, expectations.length, `${scenario.id}: each expectation is judged in one of them`);
    const tested = new Set(plans.flatMap((plan) => plan.claims.map(({ id }) => id)));
    t.equal(tested.size, claims.length, `${scenario.id}: each claim is tested in one of them`);
    t.equal(scenario.probe, undefined, `${scenario.id}: a probe stands in probes/`);
  }
});

t.test('time', async (t) => {
  const short = scenarios.filter(({ tags }) => !tags.includes('long'));
  t.same(
    short.filter(({ lasts }) => lasts > 15).map(({ id }) => id),
    [],
    'a scenario of the default run takes 15 seconds at most',
  );
  t.same(
    ordinary.filter(({ definition }) => definition.file.lasts === undefined).map(({ id }) => id),
    [],
    'every scenario says how long it takes',
  );
  const silent = scenarios.filter(({ definition }) => definition.file.steps.some((step) => 'wait' in step));
  t.same(silent.map(({ id }) => id).toSorted(), Object.keys(SILENT).toSorted(), 'who waits is listed, with the reason');
});

t.test('changes and probes', async (t) => {
  const probes = scenarios.filter(isProbe);
  t.ok(probes.length > 5);
  t.same(
    probes.filter(({ probe }) => probe === undefined).map(({ id }) => id),
    [],
    'what stands in probes/ is a probe',
  );
  const asked = changes.flatMap(({ probe }) => probe ?? []);
  t.same(asked.toSorted(), probes.map(({ id }) => id).toSorted(), 'each probe answers for one change');
  t.same(
    changes.filter(({ id, probe }) => probe !== undefined && probe !== `probes/${id}`).map(({ id }) => id),
    [],
    'a probe is called like its change',
  );
  t.same(
    changes.filter(({ id }) => !/^[a-z0-9]+(-[a-z0-9]+)+$/.test(id)).map(({ id }) => id),
    [],
    'an id is a phrase of words with dashes',
  );
  const linux = changes.filter((change) => change.of === 'linux');
  t.same(
    linux.filter(({ commit }) => !/^[0-9a-f]{12,40}$/.test(commit)).map(({ id }) => id),
    [],
    'a change of Linux names its commit',
  );
  t.same(
    changes.filter(({ about }) => !about.endsWith('.')).map(({ id }) => id),
    [],
    'about is a sentence',
  );
});

t.test("an article's machine is left as it is, or the scenario says why not", async (t) => {
  const silently = ordinary.flatMap(({ id, definition }) =>
    Object.entries(definition.file.hosts).flatMap(([host, { profile, sysctl = {} }]) => {
      const machine = profile === undefined ? {} : (context.profiles[profile]?.sysctl ?? {});
      return Object.entries(sysctl)
        .filter(([name, entry]) => {
          const isParam = typeof entry === 'string' && entry.startsWith('$');
          return name in machine && typeof entry !== 'object' && !isParam && entry !== machine[name];
        })
        .map(([name]) => `${id}: ${host}: ${name}`);
    }),
  );
  t.same(silently, []);
});

t.test('scenario.schema.json is up to date', async (t) => {
  const stored: unknown = JSON.parse(readFileSync(join(BUILT_IN, 'scenario.schema.json'), 'utf8'));
  t.same(
    stored,
    scenarioJsonSchema(STEPS),
    'node dist/cli/main.js schema scenario > scenarios/scenario.schema.json writes it anew',
  );
});

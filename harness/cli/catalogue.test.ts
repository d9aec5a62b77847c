import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { scenarioJsonSchema } from '../scenario/json-schema.ts';
import { plansOf } from '../scenario/plans.ts';
import { STEPS } from '../steps/registry.ts';
import { loadCatalogue, loadClaimsList } from './catalogue.ts';
import { BUILT_IN, isProbe } from './scenario-files.ts';

/** Scenarios in which time passes without a state to wait for: the silence itself is the experiment, as each step says. */
const SILENT = [
  'life/ephemeral-ports-exhausted',
  'life/fin-wait-2-half-closed',
  'life/heartbeat-late',
  'life/keepalive-defaults',
  'life/time-wait-recipe',
  'middleboxes/balancer-forgets',
  'middleboxes/firewall-forgets',
  'middleboxes/mobile-gateway-forgets',
  'middleboxes/mobile-gateway-takes-up',
  'middleboxes/time-wait-reused',
  'queues/http-request-times-out',
];

const { scenarios, changes, articles, context } = loadCatalogue({
  selectors: [],
  tags: [],
  cwd: BUILT_IN,
  long: true,
  probes: true,
});
const ordinary = scenarios.filter((scenario) => !isProbe(scenario));
const claims = ordinary.flatMap((scenario) => scenario.claims.map((claim) => ({ ...claim, scenario: scenario.id })));

const { sentences } = loadClaimsList(BUILT_IN);

t.test('CLAIMS.md and the catalogue name the same claims', async (t) => {
  t.ok(sentences.length > 100, 'the tables are found');
  t.same(
    sentences.filter(({ claims, why }) => claims.length === 0 && why === undefined).map(({ line }) => line),
    [],
    'each row names claims, or says why there is none',
  );
  t.same(
    [...new Set(sentences.map(({ article }) => article))],
    [...articles.keys()],
    'every article is there, in the order of articles.yaml',
  );
  const ids = claims.map(({ id }) => id);
  for (const article of articles.keys()) {
    const listed = sentences.filter((sentence) => sentence.article === article).flatMap(({ names }) => names);
    const known = claims.filter((claim) => claim.article === article).map(({ id }) => id);
    const missing = (ids: string[], from: string[]) => ids.filter((id) => !from.includes(id));
    // A claim about one article may test what another says as well.
    t.same(missing(listed, ids), [], `${article}: every id of CLAIMS.md is a claim of the catalogue`);
    t.same(missing(known, listed), [], `${article}: every claim of the catalogue stands in CLAIMS.md`);
  }
});

t.test('a claim names a section in which CLAIMS.md has it', async (t) => {
  const elsewhere = claims.filter(
    ({ id, section }) => !sentences.some((row) => row.section === section && row.claims.includes(id)),
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
    const { expect: expectations, claims } = scenario.definition.file;
    const own = plans.map(({ expect }) => expect.filter(({ law }) => law === undefined));
    t.ok(
      own.every((written) => written.length > 0),
      `${scenario.id}: each has an expectation`,
    );
    const judged = new Set(own.flat().map(({ that }) => that.position.line));
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
  t.same(silent.map(({ id }) => id).toSorted(), SILENT, 'who waits is listed');
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

t.test('laws', async (t) => {
  const kept = ordinary.flatMap((scenario) => plansOf(scenario).flatMap(({ expect }) => expect.map(({ law }) => law)));
  t.same(
    context.laws.filter(({ id }) => kept.filter((law) => law === id).length < 100).map(({ id }) => id),
    [],
    'each is kept by the hosts of many scenarios',
  );
  t.same(
    context.laws.filter(({ source }) => !articles.has(source.article)).map(({ id }) => id),
    [],
    'each comes from an article',
  );
  const known = new Set([...STEPS.map(({ kind }) => kind), ...ordinary.flatMap(({ tags }) => tags)]);
  t.same(
    context.laws.flatMap(({ id, except }) => except.filter((mark) => !known.has(mark)).map((mark) => `${id}: ${mark}`)),
    [],
    'except names kinds of steps and tags that exist',
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

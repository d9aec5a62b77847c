import { EXIT } from '../../errors.ts';
import { visible } from '../../report/escape.ts';
import { inline, labels, seconds } from '../../report/label.ts';
import type { Plan, PlannedStep, Trait } from '../../scenario/model.ts';
import { PROGRAMS } from '../../scenario/programs.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { STEPS } from '../../steps/registry.ts';
import { loadCatalogue } from '../catalogue.ts';
import type { Catalogue } from '../catalogue.ts';
import { command } from '../command.ts';
import { printJson, printLines } from '../context.ts';
import { plansFor } from '../request.ts';

export const explain = command({
  name: 'explain',
  positional: '<scenario..>',
  positionalAbout: 'ids, globs over ids, folders or files',
  about: 'Say what a run would do, starting nothing',
  options: ['set', 'json'],
  examples: [['explain mine.yaml', 'also which programs it would start, and which packages they are in']],
  async run(context, { set, json }, selectors) {
    const catalogue = loadCatalogue({ selectors, tags: [], cwd: context.cwd, long: true });
    const plans = plansFor(catalogue, { set, repeat: 1 });
    if (json) printJson(context, { schema: 'tcplab.explain/1', plans });
    else
      printLines(
        context,
        labels(plans).flatMap((label, index) => [
          ...(index > 0 ? [''] : []),
          ...explained(catalogue, plans[index]!, label),
        ]),
      );
    return EXIT.passed;
  },
});

function explained({ scenarios }: Catalogue, plan: Plan, label: string): string[] {
  const scenario = scenarios.find(({ id }) => id === plan.id)!;
  const own = plan.expect.filter(({ law }) => law === undefined);
  const laws = [...new Set(plan.expect.flatMap(({ law }) => law ?? []))];
  return [
    `${visible(label)}: ${visible(plan.title)}`,
    ...part(
      'params',
      Object.entries(plan.params).map(([name, value]) => `${name} = ${inline(value)}`),
    ),
    ...part(
      'hosts',
      Object.entries(plan.hosts).flatMap(([name, { sysctl }]) => [name, ...sysctls(sysctl, origins(scenario, name))]),
    ),
    ...part(
      'links',
      plan.links.map(([a, b]) => `${a} - ${b}`),
    ),
    ...part('steps', plan.steps.map(stepText)),
    ...part(
      'expects',
      own.map(({ that, when }) => `${that.cel}${when ? ` (when the kernel ${traitText(when)})` : ''}`),
    ),
    ...part('laws', laws.length > 0 ? [`of every host: ${laws.join(', ')}`] : []),
    ...part(
      'claims',
      plan.claims.map(({ id, source, says }) => `${id} (${source.article}): ${says}`),
    ),
    ...part('probe', plan.probe ? [plan.probe.cel] : []),
    ...part(
      'needs',
      plan.needs.map(
        (program) => `${program}${PROGRAMS[program] ? `, of the package ${PROGRAMS[program].package}` : ''}`,
      ),
    ),
    ...part('lasts', plan.lasts > 0 ? [`about ${seconds(plan.lasts)} of lab time${plan.alone ? ', alone' : ''}`] : []),
  ];
}

const part = (title: string, lines: readonly string[]): string[] =>
  lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(8)} ${visible(line)}`);

/** Where each sysctl of a host comes from. */
function origins({ definition }: Scenario, host: string): Readonly<Record<string, string>> {
  const { profile, sysctl } = definition.file.hosts[host]!;
  const fromProfile =
    profile === undefined
      ? []
      : Object.keys(definition.context.profiles[profile]?.sysctl ?? {}).map((name) => [name, `profile ${profile}`]);
  const fromFile = Object.entries(sysctl ?? {}).map(([name, entry]) => [
    name,
    typeof entry === 'object' ? `this file, because ${entry.because}` : 'this file',
  ]);
  return Object.fromEntries([...fromProfile, ...fromFile]);
}

const sysctls = (values: Plan['hosts'][string]['sysctl'], origins: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(values).map(([name, value]) => `  ${name} = ${value}${origins[name] ? `  (${origins[name]})` : ''}`);

function stepText(step: PlannedStep, index: number): string {
  const kind = STEPS.find((each) => each.kind === step.kind);
  const what = kind?.explain?.(step.args) ?? `${step.kind} ${JSON.stringify(step.args)}`;
  const manner = [
    step.beside ? 'beside the steps after it' : '',
    step.repeat > 1 ? `${step.repeat} times` : '',
    step.every > 0 ? `one every ${seconds(step.every)}` : '',
  ].filter(Boolean);
  return `${index + 1}. ${what}${manner.length > 0 ? ` (${manner.join(', ')})` : ''}`;
}

function traitText({ has = [], lacks = [] }: Trait): string {
  const parts = [
    has.length > 0 ? `has ${has.join(' and ')}` : '',
    lacks.length > 0 ? `lacks ${lacks.join(' and ')}` : '',
  ];
  return parts.filter(Boolean).join(' and ');
}

import type { FieldValue } from '../evidence/model.ts';
import { UsageError } from '../errors.ts';
import { hintFor } from '../expression/did-you-mean.ts';
import type { Plan } from './model.ts';
import { bindingCount, bindingsOf, MAX_BINDINGS, typeOf, type Params, type ParamValue } from './params.ts';
import { planBindings } from './planner.ts';
import type { Scenario } from './scenario.ts';
import type { FieldType } from './step-kind.ts';

export interface PlanOptions {
  /** Other values for params: a value, a list (a sweep), or text as a command line has it (`1`, `1,2,8`). */
  set?: Readonly<Record<string, FieldValue>>;
  /** Each plan so many times, numbered from 1. */
  repeat?: number;
}

const PARSERS: Readonly<Record<string, (text: string) => ParamValue | undefined>> = {
  int: (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  double: (text) => (/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : undefined),
  bool: (text) => ({ true: true, false: false })[text],
  string: (text) => text,
};

const NAMES: Readonly<Record<string, string>> = {
  int: 'an integer',
  double: 'a number',
  bool: 'true or false',
  string: 'a text',
};

function valuesFrom(name: string, type: FieldType, given: FieldValue): ParamValue[] {
  const texts = typeof given === 'string' && type !== 'string' ? given.split(',') : [given].flat();
  return texts.map((one) => {
    const value = typeof one === 'string' ? PARSERS[type]?.(one.trim()) : one;
    const fits =
      value !== undefined &&
      typeof value !== 'object' &&
      (typeOf([value]) === type || (type === 'double' && typeof value === 'number'));
    if (!fits) throw new UsageError(`${name} is ${NAMES[type]}, not ${JSON.stringify(one)}`);
    return value;
  });
}

/**
 * What a scenario asks to run: one plan for each combination of its params' values, in the order of the file.
 * @throws UsageError for a `set` that names no param or has another type
 * @throws ScenarioError for values that a step refuses
 */
export function plansOf(scenario: Scenario, { set = {}, repeat = 1 }: PlanOptions = {}): Plan[] {
  const { definition } = scenario;
  const params: Record<string, readonly ParamValue[]> = { ...scenario.params };
  for (const [name, given] of Object.entries(set)) {
    const type = definition.types[name];
    if (type === undefined) {
      throw new UsageError(
        `${scenario.id} has no param ${name}`,
        hintFor(name, Object.keys(params)) ?? 'it has no params',
      );
    }
    params[name] = valuesFrom(name, type, given);
  }
  const all: Params = params;
  const count = bindingCount(all);
  if (count > MAX_BINDINGS)
    throw new UsageError(`${scenario.id}: a sweep of ${count} records: at most ${MAX_BINDINGS}`);
  const plans = planBindings(definition, bindingsOf(all));
  return plans.flatMap((plan) => Array.from({ length: repeat }, (_, index) => ({ ...plan, repeat: index + 1 })));
}

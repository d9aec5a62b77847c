import { z } from 'zod';
import { EXIT, UsageError } from '../../errors.ts';
import { hintFor } from '../../expression/did-you-mean.ts';
import { record } from '../../results/record.ts';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import { STEPS } from '../../steps/registry.ts';
import { command } from '../command.ts';
import { printJson } from '../context.ts';

const SCHEMAS: Readonly<Record<string, () => object>> = {
  scenario: () => scenarioJsonSchema(STEPS),
  record: () => z.toJSONSchema(record, { target: 'draft-7' }),
};

export const schema = command({
  name: 'schema',
  positional: '<what>',
  positionalAbout: 'scenario or record',
  about: 'Print a JSON Schema: scenario or record',
  options: [],
  examples: [['schema scenario > scenario.schema.json', 'for the editor']],
  async run(context, _options, [what = '']) {
    const make = SCHEMAS[what];
    if (!make) throw new UsageError(`there is no schema of ${what}`, hintFor(what, Object.keys(SCHEMAS)));
    printJson(context, make());
    return EXIT.passed;
  },
});

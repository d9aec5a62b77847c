import { z } from 'zod';
import { EXIT, UsageError } from '../../errors.ts';
import { record } from '../../results/record.ts';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import { STEPS } from '../../steps/registry.ts';
import { command } from '../command.ts';
import { printJson } from '../context.ts';
import { didYouMean } from '../did-you-mean.ts';

const SCHEMAS: Readonly<Record<string, () => object>> = {
  scenario: () => scenarioJsonSchema(STEPS),
  record: () => z.toJSONSchema(record, { target: 'draft-7' }),
};

export const schema = command({
  name: 'schema',
  positional: '<what>',
  positionalAbout: 'scenario or record',
  about: 'Print the JSON Schema of a scenario file or of a record',
  options: [],
  examples: [['schema scenario > scenario.schema.json', 'for the editor']],
  async run(context, _options, [what = '']) {
    const make = SCHEMAS[what];
    if (!make) throw new UsageError(`there is no schema of ${what}`, didYouMean(what, Object.keys(SCHEMAS)));
    printJson(context, make());
    return EXIT.passed;
  },
});

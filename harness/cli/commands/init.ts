import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { EXIT, UsageError } from '../../errors.ts';
import { writeAtomically } from '../../results/folder.ts';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import { STEPS } from '../../steps/registry.ts';
import { command } from '../command.ts';
import { printLines } from '../context.ts';
import { FIRST_SCENARIO } from '../first-scenario.ts';

const SCHEMA_FILE = 'scenario.schema.json';

export const init = command({
  name: 'init',
  positional: '<name>',
  positionalAbout: 'the file to write; .yaml is added',
  about: 'Write a first scenario, with comments',
  options: ['force'],
  examples: [['init mine', 'writes mine.yaml, and the schema for the editor']],
  async run(context, { force }, [name = '']) {
    const file = resolve(context.cwd, /\.ya?ml$/.test(name) ? name : `${name}.yaml`);
    const shown = relative(context.cwd, file);
    if (existsSync(file) && !force)
      throw new UsageError(`${shown} exists and is left as it is`, 'to overwrite it: --force');
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeAtomically(join(dirname(file), SCHEMA_FILE), `${JSON.stringify(scenarioJsonSchema(STEPS), null, 2)}\n`);
      writeAtomically(file, FIRST_SCENARIO);
    } catch (cause) {
      throw new UsageError(`cannot write ${shown}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
    // npm sets this for `npx tcplab`, where no shell finds a plain `tcplab`.
    const tcplab = context.env['npm_command'] === 'exec' ? 'npx tcplab' : 'tcplab';
    printLines(context, [`wrote ${shown}`, `run it: ${tcplab} run ${shown}`]);
    return EXIT.passed;
  },
});

import type { Command } from './command.ts';
import { check } from './commands/check.ts';
import { claims } from './commands/claims.ts';
import { clean } from './commands/clean.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { init } from './commands/init.ts';
import { list } from './commands/list.ts';
import { run } from './commands/run.ts';
import { schema } from './commands/schema.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [run, list, check, explain, init, schema, claims, doctor, clean];

import { z } from 'zod';
import { Program } from '../host/program.ts';
import { duration, host, makes, target } from '../scenario/fields.ts';
import { secondsOf } from '../scenario/duration.ts';
import { defineStep } from './step.ts';

const argument = z.union([
  z.string(),
  z.number(),
  z.strictObject({ address: host() }).describe("a host's address"),
  z.strictObject({ url: target(), path: z.string().startsWith('/').default('/') }).describe('http://address:port/path'),
]);

/** Seconds that a program may take when the steps after it wait for it. */
const DEADLINE = 30;

export const exec = defineStep({
  kind: 'exec',
  about: 'runs a real program inside a host, with its exit code, output and duration; its folder holds the files given',
  schema: z.strictObject({
    on: host(),
    run: z.tuple([z.string()], argument).describe('argv: program and arguments, no shell'),
    files: z
      .record(z.string().regex(/^[\w.-]+$/), z.string())
      .optional()
      .describe('files in the folder it runs in'),
    stdin: z.string().optional(),
    deadline: duration().optional().describe('then it is killed; 30s unless it runs beside, which has none'),
    as: makes(),
  }),
  outcome: {
    type: 'Program',
    fields: {
      exit: 'int',
      signal: 'string',
      stdout: 'string',
      stderr: 'string',
      took: 'double',
      running: 'bool',
      pid: 'int',
    },
  },
  programs: ({ run }) => [run[0]],
  by: 'program',
  explain: (a) =>
    `${a.as}: ${a.on} runs ${a.run.map((one) => (typeof one === 'object' ? ('url' in one ? `http://${one.url}${one.path}` : one.address) : String(one))).join(' ')}`,
  async run(args, { lab, beside, publish, signal }) {
    const [program, ...rest] = args.run;
    const argv = rest.map((one) => {
      if (typeof one !== 'object') return String(one);
      if ('address' in one) return lab.host(one.address).address;
      const to = lab.target(one.url);
      return `http://${to.host.address}:${to.port}${one.path}`;
    });
    const spec = { program, argv, folder: lab.folder(args.on), files: args.files ?? {}, stdin: args.stdin };
    const run = new Program(lab, lab.host(args.on), spec);
    lab.programs.push(run);
    publish(run.outcome, run);
    const deadline = args.deadline === undefined ? undefined : secondsOf(args.deadline);
    await run.finish(deadline ?? (beside ? Infinity : DEADLINE), signal);
  },
});

export const kill = defineStep({
  kind: 'kill',
  about:
    'sends a signal to a program that runs beside, and waits until it is gone, or stopped by SIGSTOP (SIGCONT does not wait)',
  schema: z.strictObject({
    program: z.string().meta({ refers: { kind: 'name', types: ['Program'] } }),
    signal: z.enum(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT', 'SIGSTOP', 'SIGCONT']).default('SIGTERM'),
  }),
  shorthand: 'program',
  by: 'harness',
  explain: (a) => `${a.signal} to ${a.program}`,
  async run(args, { lab, signal }) {
    await lab.handle(args.program, Program).kill(args.signal, signal);
  },
});

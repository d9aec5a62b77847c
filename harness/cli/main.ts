#!/usr/bin/env node
import { EXIT } from '../errors.ts';
import { main } from './program.ts';

// A reader that went away (`tcplab list | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.passed);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));

import { createInterface } from 'node:readline';
import { emit } from './emit.ts';
import { runRequest } from './run-request.ts';
import { PROTOCOL, type Request } from './protocol.ts';

const stop = new AbortController();

/** The request is the first line; the end of the stream asks for an orderly end. */
function readRequest(): Promise<Request> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', (line) => {
      const request = JSON.parse(line) as Request;
      if (request.protocol === PROTOCOL) resolve(request);
      else reject(new Error(`the engine speaks protocol ${PROTOCOL}, not ${request.protocol}`));
    });
    lines.once('close', () => {
      stop.abort();
      reject(new Error('no request came'));
    });
  });
}

function fault(error: unknown): never {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  emit({ type: 'fault', message, ...(stack !== undefined && { stack }) });
  process.exit(4);
}

process.on('uncaughtException', fault);
process.on('unhandledRejection', fault);
// As pid 1 of its namespace the engine would ignore these without a handler.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());

await runRequest(await readRequest(), emit, stop.signal);
process.exit(0);

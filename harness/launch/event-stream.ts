import { type EngineEvent, PROTOCOL } from '../engine/protocol.ts';
import { FaultError } from '../errors.ts';

/** Longest line that an engine may write, bytes: a record with all its packets and counters is a few MB. */
const MAX_LINE = 64 * 1024 * 1024;

const TYPES: Readonly<Record<EngineEvent['type'], true>> = {
  hello: true,
  calibrated: true,
  started: true,
  step: true,
  pcapng: true,
  record: true,
  finding: true,
  fault: true,
  bye: true,
};

function isEvent(value: unknown): value is EngineEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    Object.hasOwn(TYPES, value.type)
  );
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 200 ? `${line.slice(0, 200)}... (${line.length} characters)` : line);
}

function parseEvent(line: string): EngineEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new FaultError(`the engine wrote a line that is not JSON: ${excerpt(line)}`, undefined, cause);
  }
  if (!isEvent(value)) throw new FaultError(`the engine wrote an unknown event: ${excerpt(line)}`);
  return value;
}

async function* lines(chunks: AsyncIterable<Uint8Array>, maxLine: number): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      held.push(chunk.subarray(start, end));
      yield Buffer.concat(held).toString('utf8');
      held = [];
      size = 0;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    held.push(rest);
    size += rest.length;
    if (size > maxLine) {
      const head = Buffer.concat(held).toString('utf8', 0, 201);
      throw new FaultError(`the engine wrote a line of more than ${maxLine} bytes: ${excerpt(head)}`);
    }
  }
  if (size > 0)
    throw new FaultError(`the engine's last line is cut off: ${excerpt(Buffer.concat(held).toString('utf8'))}`);
}

/**
 * The engine's standard output as events. `hello` with our protocol comes first (or a `fault`), `bye` last.
 * Ends without `bye` when the stream does: only the caller knows how the engine ended.
 * @throws FaultError for anything else, with the line.
 */
export async function* eventStream(
  chunks: AsyncIterable<Uint8Array>,
  maxLine: number = MAX_LINE,
): AsyncGenerator<EngineEvent> {
  let greeted = false;
  let ended = false;
  for await (const line of lines(chunks, maxLine)) {
    const event = parseEvent(line);
    if (ended) throw new FaultError(`the engine wrote after its bye: ${excerpt(line)}`);
    if (event.type === 'hello') {
      if (event.protocol !== PROTOCOL) {
        throw new FaultError(
          `the engine speaks protocol ${event.protocol}, this launcher speaks ${PROTOCOL}`,
          'build both from the same version: npm run build',
        );
      }
      greeted = true;
    } else if (!greeted && event.type !== 'fault') {
      throw new FaultError(`the engine's first event is not a hello: ${excerpt(line)}`);
    }
    ended = event.type === 'bye';
    yield event;
  }
}

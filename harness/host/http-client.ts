import { Agent, type AgentOptions, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Socket } from 'node:net';
import { errnoName } from '../linux/errno.ts';
import { tcpSocket } from '../linux/sockets.ts';
import type { Host } from './host.ts';
import type { LabTime } from './lab-time.ts';

/** Methods that Go's net/http may send again on its own (http.Request.isReplayable). */
const REPLAYABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Milliseconds until an idle connection is probed, as in Go; Node's one second is what servers' time-outs are like. */
const PROBES = 15_000;

export interface HttpRequest {
  address: string;
  port: number;
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  connection: 'keep-alive' | 'close';
  retry: 'never' | 'replayable';
  /** Seconds. */
  deadline: number;
}

export interface HttpOutcome {
  [field: string]: number | string | boolean | number[];
  status: number;
  statuses: number[];
  body: string;
  error: string;
  code: string;
  attempts: number;
  reused: boolean;
  connections: number;
  took: number;
}

interface Answer {
  status: number;
  body: string;
  error: string;
  code: string;
  reused: boolean;
}

/** Node's http client inside a host: one pool of kept connections, sockets made in the host's namespace. */
export class HttpClient {
  readonly #host: Host;
  readonly #time: LabTime;
  readonly #pool: Agent;
  #connections = 0;

  constructor(time: LabTime, host: Host) {
    this.#time = time;
    this.#host = host;
    this.#pool = this.#agent({ keepAlive: true, maxSockets: 1, keepAliveMsecs: PROBES });
  }

  begin(): HttpOutcome {
    return {
      status: 0,
      statuses: [],
      body: '',
      error: '',
      code: '',
      attempts: 0,
      reused: false,
      connections: 0,
      took: 0,
    };
  }

  /** One request, sent again once where the rule allows; adds to the outcome. */
  async request(spec: HttpRequest, outcome: HttpOutcome): Promise<void> {
    const [start, connections] = [this.#time.now(), this.#connections];
    let answer = await this.#attempt(spec);
    let attempts = 1;
    while (answer.error !== '' && answer.reused && attempts < 2 && mayRetry(spec)) {
      answer = await this.#attempt(spec);
      attempts += 1;
    }
    outcome.statuses.push(answer.status);
    Object.assign(outcome, {
      ...answer,
      attempts: outcome.attempts + attempts,
      connections: outcome.connections + this.#connections - connections,
      took: outcome.took + this.#time.now() - start,
    });
  }

  abandon(): void {
    this.#pool.destroy();
  }

  #attempt(spec: HttpRequest): Promise<Answer> {
    const agent = spec.connection === 'keep-alive' ? this.#pool : this.#agent({ keepAlive: false });
    return new Promise((resolve) => {
      const request: ClientRequest = httpRequest({
        agent,
        host: spec.address,
        port: spec.port,
        method: spec.method,
        path: spec.path,
        headers: {
          ...spec.headers,
          ...(spec.body !== undefined && { 'content-length': Buffer.byteLength(spec.body) }),
        },
        signal: AbortSignal.timeout(spec.deadline * 1000),
      });
      const failed = (error: NodeJS.ErrnoException) =>
        resolve({
          status: 0,
          body: '',
          error:
            error.name === 'AbortError'
              ? 'ETIMEDOUT (application)'
              : error.errno === undefined
                ? (error.code ?? error.message)
                : errnoName(-error.errno),
          code: error.code ?? '',
          reused: request.reusedSocket,
        });
      request.on('error', failed);
      request.on('response', (response: IncomingMessage) => {
        let body = '';
        response.setEncoding('latin1').on('data', (text: string) => (body += text));
        response.on('error', failed);
        response.on('end', () =>
          // The agent takes the socket back in a later tick; the next request must find it there.
          setImmediate(() =>
            resolve({ status: response.statusCode ?? 0, body, error: '', code: '', reused: request.reusedSocket }),
          ),
        );
      });
      request.end(spec.body);
    });
  }

  #agent(options: AgentOptions): Agent {
    const agent = new Agent(options);
    const make = (to: { host: string; port: number }) => {
      this.#connections += 1;
      const socket = new Socket({ fd: this.#host.enter(tcpSocket), manualStart: true } as ConstructorParameters<
        typeof Socket
      >[0]);
      return socket.connect({ host: to.host, port: to.port });
    };
    return Object.assign(agent, { createConnection: make });
  }
}

/** Go's rule for a body that can be sent again, as ours always can: a replayable method, or a header that says that repeating is harmless. */
function mayRetry({ retry, method, headers }: HttpRequest): boolean {
  if (retry === 'never') return false;
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return REPLAYABLE.has(method) || names.includes('idempotency-key') || names.includes('x-idempotency-key');
}

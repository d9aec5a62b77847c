import stringWidth from 'string-width';
import type { EngineEvent } from '../engine/protocol.ts';
import { visible } from './escape.ts';
import { labels } from './label.ts';
import type { Output, Reporter, RunInfo } from './reporter.ts';
import { spell } from './style.ts';

/** Milliseconds from one drawing to the next. */
const THROTTLE = 100;
const MOST_LINES = 8;

/** What runs right now, drawn in place on a terminal; what is printed meanwhile goes above it. */
export class LiveBlock implements Reporter {
  readonly #terminal: Output;
  readonly #now: () => number;
  readonly #running = new Map<number, { since: number; step: string }>();
  #labels: string[] = [];
  #done = 0;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Output, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
  }

  begin(info: RunInfo): void {
    this.#labels = labels(info.plans);
    this.#timer = setInterval(() => this.draw(), THROTTLE);
    this.#timer.unref();
  }

  event(event: EngineEvent): void {
    if (event.type === 'started') this.#running.set(event.record, { since: this.#now(), step: '' });
    else if (event.type === 'step' && event.state === 'started') {
      const entry = this.#running.get(event.record);
      if (entry) entry.step = event.name ? `${event.kind} ${event.name}` : event.kind;
    } else if (event.type === 'record') {
      this.#running.delete(event.record);
      this.#done++;
    }
  }

  end(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  /** Removes the block, so that a line can be printed where it stood. */
  clear(): void {
    // ED (ECMA-48 8.3.39) from the block's first line to the end of the screen; a terminal echoes ^C after the last.
    if (this.#drawn > 0) this.#terminal.write(`\r\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  draw(): void {
    const lines = this.#lines().map((line) => cut(spell(this.#terminal.style, line), this.#terminal.columns - 1));
    this.clear();
    this.#terminal.write(lines.map((line) => `${this.#terminal.style.colour.dim(line)}\n`).join(''));
    this.#drawn = lines.length;
  }

  #lines(): string[] {
    const running = [...this.#running].map(([record, { since, step }]) => {
      const elapsed = ((this.#now() - since) / 1000).toFixed(1);
      return `  ${visible(this.#labels[record] ?? '')}  ${visible(step)}  ${elapsed} s`;
    });
    const hidden = running.length - MOST_LINES;
    return [
      `${this.#done} of ${this.#labels.length} done, ${running.length} running`,
      ...running.slice(0, MOST_LINES),
      ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    ];
  }
}

function cut(line: string, width: number): string {
  let rest = line;
  while (stringWidth(rest) > width) rest = rest.slice(0, -1);
  return rest;
}

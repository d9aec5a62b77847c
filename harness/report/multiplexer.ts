import type { Reporter } from './reporter.ts';

/** One reporter that speaks to many. One that throws is told of and left out; the others go on. */
export function multiplex(
  reporters: readonly { name: string; reporter: Reporter }[],
  failed: (name: string, error: unknown) => void,
): Reporter {
  let alive = [...reporters];
  const each = (act: (reporter: Reporter) => void) => {
    for (const entry of alive) {
      try {
        act(entry.reporter);
      } catch (error) {
        alive = alive.filter((other) => other !== entry);
        failed(entry.name, error);
      }
    }
  };
  return {
    begin: (info) => each((reporter) => reporter.begin(info)),
    event: (event) => each((reporter) => reporter.event(event)),
    end: (run) => each((reporter) => reporter.end(run)),
    clear: () => each((reporter) => reporter.clear?.()),
  };
}

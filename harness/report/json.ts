import { jsonText } from './escape.ts';
import type { ReporterKind } from './reporter.ts';

/** Exactly one JSON document: the run. */
export const jsonReporter: ReporterKind = {
  name: 'json',
  about: 'one JSON document, the whole run (tcplab schema record)',
  make: (output) => ({
    begin() {},
    event() {},
    end(run) {
      output.write(jsonText(run));
    },
  }),
};

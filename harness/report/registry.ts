import { jsonReporter } from './json.ts';
import { markdownReporter } from './markdown.ts';
import type { ReporterKind } from './reporter.ts';
import { textReporter } from './text.ts';

/** Every reporter, as `--reporter` names them. */
export const REPORTERS: readonly ReporterKind[] = [textReporter, jsonReporter, markdownReporter];

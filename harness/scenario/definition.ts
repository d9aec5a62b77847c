import type { Change, NameTypes } from './model.ts';
import type { ScenarioFile } from './file-schema.ts';
import type { Law } from './laws.ts';
import type { Binding } from './params.ts';
import type { Problem } from './problem.ts';
import type { Profiles } from './profiles.ts';
import type { Path, Source } from './source.ts';
import type { FieldType, StepSpec } from './step-kind.ts';

/** What scenarios may refer to outside their own file. */
export interface ScenarioContext {
  steps: readonly StepSpec[];
  profiles: Profiles;
  changes: readonly Change[];
  /** Ids of articles.yaml. */
  articles: readonly string[];
  laws: readonly Law[];
}

/** The checked shape of a file, with all that is needed to put other params in. */
export interface Definition {
  id: string;
  /** SHA-256 of the text. */
  digest: string;
  source: Source;
  file: ScenarioFile;
  /** CEL types of the params. */
  types: Readonly<Record<string, FieldType>>;
  context: ScenarioContext;
  /** One object for each set of names: what is compiled against it serves every binding. */
  interned: Map<string, NameTypes>;
}

/** One binding of a definition while its plan is made; problems are gathered, never thrown. */
export class Work {
  readonly definition: Definition;
  readonly binding: Binding;
  readonly problems: Problem[] = [];

  constructor(definition: Definition, binding: Binding) {
    this.definition = definition;
    this.binding = binding;
  }

  problem(path: Path, message: string, options: { hint?: string | undefined; key?: boolean } = {}): void {
    this.problems.push(this.definition.source.problem(path, message, options));
  }
}

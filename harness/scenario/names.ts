import { RESERVED_NAMES } from '../expression/language.ts';
import type { NameTypes } from './model.ts';
import type { FieldType, StepSpec } from './step-kind.ts';

type Outcome = NonNullable<StepSpec['outcome']>;

/** The names that exist at one point of a scenario: hosts and params from the start, the others as steps make them. */
export class Names {
  readonly hosts: readonly string[];
  readonly params: Readonly<Record<string, FieldType>>;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #observations = new Set<string>();
  readonly #interned: Map<string, NameTypes>;
  #types: NameTypes | undefined;

  /** `interned` gives equal names the same object, for all bindings of a scenario. */
  constructor(
    hosts: readonly string[],
    params: Readonly<Record<string, FieldType>>,
    interned: Map<string, NameTypes> = new Map(),
  ) {
    this.hosts = hosts;
    this.params = params;
    this.#interned = interned;
  }

  /** What already has the name; undefined when it is free. */
  takenBy(name: string): string | undefined {
    if (RESERVED_NAMES.has(name)) return 'a word of the expression language';
    if (this.hosts.includes(name)) return 'a host';
    if (Object.hasOwn(this.params, name)) return 'a param';
    if (this.#observations.has(name)) return 'an observation';
    return this.#outcomes.has(name) ? 'an earlier step' : undefined;
  }

  make(name: string, outcome: Outcome | undefined): void {
    if (outcome) this.#outcomes.set(name, outcome);
    else this.#observations.add(name);
    this.#types = undefined;
  }

  outcome(name: string): Outcome | undefined {
    return this.#outcomes.get(name);
  }

  /** Names of steps whose outcome is of one of the types; of any without types. */
  outcomeNames(types: readonly string[] = []): string[] {
    return [...this.#outcomes]
      .filter(([, { type }]) => types.length === 0 || types.includes(type))
      .map(([name]) => name);
  }

  /** The same object until a name is made: what is compiled against it is kept. */
  types(): NameTypes {
    this.#types ??= this.#intern();
    return this.#types;
  }

  #intern(): NameTypes {
    const key = JSON.stringify([[...this.#observations], [...this.#outcomes].map(([name, { type }]) => [name, type])]);
    let types = this.#interned.get(key);
    if (!types) {
      const outcomes = Object.fromEntries(this.#outcomes);
      types = { hosts: this.hosts, observations: [...this.#observations], params: this.params, outcomes };
      this.#interned.set(key, types);
    }
    return types;
  }
}

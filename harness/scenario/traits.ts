import type { ScenarioFile, TraitOfFile } from './file-schema.ts';
import type { Holds, Trait } from './model.ts';

/** One id or several, as a list. */
export const listOf = (ids: string | string[] | undefined): string[] => (ids === undefined ? [] : [ids].flat());

export function traitOf({ has, lacks }: TraitOfFile): Trait {
  return {
    ...(has === undefined ? {} : { has: listOf(has) }),
    ...(lacks === undefined ? {} : { lacks: listOf(lacks) }),
  };
}

export const holdsOf = (holds: ScenarioFile['claims'][number]['holds']): Holds =>
  typeof holds === 'string' ? holds : traitOf(holds);

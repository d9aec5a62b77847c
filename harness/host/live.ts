import type { FieldValue, Outcome } from '../evidence/model.ts';

/** An outcome whose fields are read when somebody looks at them. */
export function live(fields: Readonly<Record<string, () => FieldValue>>): Outcome {
  const outcome: Record<string, FieldValue> = {};
  for (const [name, get] of Object.entries(fields)) Object.defineProperty(outcome, name, { enumerable: true, get });
  return outcome;
}

/** The same with every field read now. */
export function frozen(outcome: Outcome): Outcome {
  return { ...outcome };
}

/** One measured figure. `ratio` compares it with something measured in the same run. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  /** The promise that it is held against, in words and as a test. */
  promise?: { text: string; kept: boolean };
}

/** A benchmark: `npm run bench -- NAME`. */
export interface Bench {
  name: string;
  about: string;
  run: () => Promise<Figure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

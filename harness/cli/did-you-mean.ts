/** Edits (insert, delete, replace) from one text to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

/** The known names nearest to what was typed, or that contain it; at most three. */
export function nearest(typed: string, known: readonly string[]): string[] {
  const scored = known
    .map((name) => {
      const last = name.split('/').at(-1) ?? name;
      const within = typed.length >= 3 && name.includes(typed);
      return { name, score: within ? 0 : Math.min(distance(typed, name), distance(typed, last)) };
    })
    .filter(({ score }) => score <= Math.max(2, typed.length / 3));
  return scored
    .toSorted((a, b) => a.score - b.score)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `did you mean a, b?`, or all the known names where none is near. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const near = nearest(typed, known);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known: ${known.join(', ')}`;
}

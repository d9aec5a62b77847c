/** Edits between two words (insert, delete, replace, swap of neighbours), letter case apart. */
function distance(left: string, right: string): number {
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The known name that the wrong one most likely stands for; undefined when none is near. */
export function nearest(wrong: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestScore = Infinity;
  for (const name of known) {
    // People leave out the group prefix of a counter: ListenDrops for TcpExtListenDrops.
    const partial = wrong.length >= 5 && name.toLowerCase().endsWith(wrong.toLowerCase());
    const score = partial ? 1.5 : distance(wrong, name);
    if (score < bestScore) [best, bestScore] = [name, score];
  }
  return bestScore <= Math.max(1, Math.min(4, Math.floor(wrong.length / 3))) || bestScore === 1.5 ? best : undefined;
}

/** A hint for an unknown name: the likely one, else all when they are few. */
export function hintFor(wrong: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const near = nearest(wrong, names);
  if (near !== undefined) return `did you mean ${near}?`;
  return names.length > 0 && names.length <= 24 ? `known here: ${names.join(', ')}` : undefined;
}

/** What one host captured, in order. */
interface Stamped {
  readonly length: number;
  /** When frame `i` passed, on a scale that all hosts share. */
  stamp(i: number): number;
}

/** The frames of all hosts, in the order of their stamps. */
export interface OrderedFrames<C> {
  length: number;
  forEach: (look: (capture: C, number: number, index: number) => void) => void;
}

/** Merges what each host captured in order; nothing is copied. Of equal stamps the earlier host comes first. */
export function framesInOrder<C extends Stamped>(captures: readonly C[]): OrderedFrames<C> {
  const heads = captures.map((capture) => ({ capture, length: capture.length }));
  const length = heads.reduce((sum, head) => sum + head.length, 0);
  return {
    length,
    forEach(look) {
      const next = heads.map(() => 0);
      for (let index = 0; index < length; index += 1) {
        let first = -1;
        let earliest = Infinity;
        heads.forEach(({ capture, length: count }, i) => {
          const stamp = next[i]! < count ? capture.stamp(next[i]!) : Infinity;
          if (stamp < earliest) [first, earliest] = [i, stamp];
        });
        look(heads[first]!.capture, next[first]!, index);
        next[first]! += 1;
      }
    },
  };
}

/** kernel/time/timer.c: LVL_CLK_DIV, LVL_SIZE, and LVL_DEPTH (9 levels above 100 HZ, else 8). */
const COARSER = 8;
const LEVEL_SIZE = 64;
const levels = (hz: number): number => (hz > 100 ? 9 : 8);

/** calc_wheel_index(): level n > 0 holds timers of (LEVEL_SIZE - 1) * 8^(n-1) jiffies and more, in buckets of 8^n. */
function bucket(jiffies: number, hz: number): number {
  let granularity = 1;
  for (let level = 1; level < levels(hz) && jiffies >= (LEVEL_SIZE - 1) * granularity; level += 1)
    granularity *= COARSER;
  return granularity;
}

/** Less than any clock shows: takes the rounding of decimal seconds out of the comparisons. */
const ROUNDING = 1e-9;

/**
 * How much later than `seconds` a kernel timer of `seconds` may fire, in seconds (kernels from 4.8 on; CONFIG_HZ `hz`).
 *
 * Set in jiffy J for d = ceil(seconds * hz) jiffies, its bucket of granularity G is (floor((J + d) / G) + 1) * G: jiffy
 * B with J + d + 1 <= B <= J + d + G (calc_index). It was set somewhere in jiffy J, [J, J + 1), and its softirq runs
 * somewhere in jiffy B, [B, B + 1). So it fires more than d and less than d + G + 1 jiffies after it was set. The last
 * jiffy counts: of 4000 timed retransmissions 98 came after d + G jiffies, for a restart on the tick often needs all of G.
 */
export function granule(seconds: number, hz: number): number {
  const jiffies = Math.ceil(seconds * hz - ROUNDING);
  return (jiffies + bucket(jiffies, hz) + 1) / hz - seconds;
}

/**
 * Whether a chain of timers (seconds), each set when the one before fired, can take `measured` seconds: between the sum of
 * the timers and the sum of the timers with their granules.
 */
export function firesWithin(measured: number, timers: number | readonly number[], hz: number): boolean {
  const chain = typeof timers === 'number' ? [timers] : timers;
  const earliest = chain.reduce((sum, timer) => sum + timer, 0);
  const latest = chain.reduce((sum, timer) => sum + timer + granule(timer, hz), 0);
  return measured >= earliest - ROUNDING && measured <= latest + ROUNDING;
}

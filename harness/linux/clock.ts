import { check } from './errno.ts';
import { libc } from './libc.ts';

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC_COARSE = 6;
const timespec = Buffer.alloc(16);

function read(): bigint {
  return timespec.readBigInt64LE(0) * 1_000_000_000n + timespec.readBigInt64LE(8);
}

/** The clock of packet stamps, in nanoseconds. */
export function realtimeNanoseconds(): bigint {
  check(libc.clock_gettime(CLOCK_REALTIME, timespec), 'clock_gettime');
  return read();
}

/** CONFIG_HZ: the coarse clock ticks once a jiffy, clock_getres(2). */
export function kernelHz(): number {
  check(libc.clock_getres(CLOCK_MONOTONIC_COARSE, timespec), 'clock_getres');
  return Math.round(1e9 / Number(read()));
}

import { EvaluationError, type Environment } from '@marcbachmann/cel-js';
import { firesWithin } from '../evidence/timer-wheel.ts';
import type { PacketView, SocketView } from './views.ts';

/** CONFIG_HZ of the evaluation that runs: CEL functions get no context, and evaluations never overlap. */
export const kernelClock = { hz: 250 };

const smaller = <T extends bigint | number>(a: T, b: T) => (a < b ? a : b);
const larger = <T extends bigint | number>(a: T, b: T) => (a > b ? a : b);

/** include/linux/log2.h roundup_pow_of_two(): the smallest power of two that is not below n. */
function roundUpPow2(n: bigint): bigint {
  if (n < 1n) throw new EvaluationError(`roundUpPow2(${n}): there is no power of two for a number below 1`);
  let power = 1n;
  while (power < n) power <<= 1n;
  return power;
}

/** usecs_to_jiffies(): seconds rounded up to whole ticks. A retransmission timeout is doubled after this, not before. */
function wholeJiffies(seconds: number): number {
  // Nanoseconds first: 0.204 * 250 is a little more than 51.
  return Math.ceil((Math.round(seconds * 1e9) * kernelClock.hz) / 1e9) / kernelClock.hz;
}

function firstOf<T>(list: readonly T[], what: string): T {
  if (list.length === 0) throw new EvaluationError(`first() of an empty list of ${what}`);
  return list[0]!;
}

function lastOf<T>(list: readonly T[], what: string): T {
  if (list.length === 0) throw new EvaluationError(`last() of an empty list of ${what}`);
  return list.at(-1)!;
}

/** `client` means every port of that host or address, `client:40000` that one. */
const isEnd = (end: string, wanted: string) => end === wanted || end.slice(0, end.lastIndexOf(':')) === wanted;

type Packets = readonly PacketView[];
type Sockets = readonly SocketView[];

/** Our functions by CEL signature. */
export const FUNCTIONS = {
  'min(int, int): int': smaller<bigint>,
  'min(double, double): double': smaller<number>,
  'max(int, int): int': larger<bigint>,
  'max(double, double): double': larger<number>,
  'abs(int): int': (n: bigint) => (n < 0n ? -n : n),
  'abs(double): double': Math.abs,
  'roundUpPow2(int): int': roundUpPow2,
  'jiffies(double): double': wholeJiffies,
  'fires(double, double): bool': (at: number, timer: number) => firesWithin(at, [timer], kernelClock.hz),
  'fires(double, list<double>): bool': (at: number, timers: readonly number[]) =>
    firesWithin(at, timers, kernelClock.hz),
  'list<Packet>.count(string): int': (all: Packets, flags: string) =>
    BigInt(all.filter(({ raw }) => raw.flags === flags).length),
  'list<Packet>.flags(string): list<Packet>': (all: Packets, flags: string) =>
    all.filter(({ raw }) => raw.flags === flags),
  'list<Packet>.from(string): list<Packet>': (all: Packets, end: string) =>
    all.filter(({ raw }) => isEnd(raw.from, end)),
  'list<Packet>.to(string): list<Packet>': (all: Packets, end: string) => all.filter(({ raw }) => isEnd(raw.to, end)),
  'list<Packet>.after(double): list<Packet>': (all: Packets, at: number) => all.filter(({ raw }) => raw.at > at),
  'list<Packet>.before(double): list<Packet>': (all: Packets, at: number) => all.filter(({ raw }) => raw.at < at),
  'list<Packet>.first(): Packet': (all: Packets) => firstOf(all, 'packets'),
  'list<Packet>.last(): Packet': (all: Packets) => lastOf(all, 'packets'),
  'list<Socket>.state(string): list<Socket>': (all: Sockets, state: string) =>
    all.filter(({ raw }) => raw.state === state),
  'list<Socket>.count(string): int': (all: Sockets, state: string) =>
    BigInt(all.filter(({ raw }) => raw.state === state).length),
  'list<Socket>.local(int): list<Socket>': (all: Sockets, port: bigint) =>
    all.filter(({ raw }) => BigInt(raw.localPort) === port),
  'list<Socket>.remote(int): list<Socket>': (all: Sockets, port: bigint) =>
    all.filter(({ raw }) => BigInt(raw.remotePort) === port),
  'list<Socket>.first(): Socket': (all: Sockets) => firstOf(all, 'sockets'),
} as const;

/** Names of our functions and of CEL's own that a scenario is likely to want: for did-you-mean. */
export const FUNCTION_NAMES: readonly string[] = [
  ...new Set(Object.keys(FUNCTIONS).map((signature) => /(\w+)\(/.exec(signature)![1]!)),
  ...'size int double string has all exists exists_one filter map contains startsWith endsWith matches join split substring'.split(
    ' ',
  ),
];

export function registerFunctions(environment: Environment): void {
  for (const [signature, handler] of Object.entries(FUNCTIONS)) {
    environment.registerFunction(signature, handler, { async: false });
  }
}

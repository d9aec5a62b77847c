const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of a duration such as `1.5s`; undefined when it is none. */
export function secondsOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text);
  return match ? Number(match[1]) * UNITS[match[2]!]! : undefined;
}

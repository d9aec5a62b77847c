export const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One line for a value: lists by their length, packets and sockets by what identifies them. */
export function short(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(9)));
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) {
    const text = `[${value.map(short).join(', ')}]`;
    return text.length <= 60 ? text : `${value.length} items`;
  }
  if (!isPlain(value)) return String(value);
  if ('flags' in value && 'from' in value)
    return `${short(value['at'])} s ${value['from']} > ${value['to']} ${value['flags']}`;
  if ('state' in value && 'localPort' in value)
    return `${value['state']} ${value['localAddress']}:${value['localPort']}`;
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${Object.keys(value).length} fields`;
}

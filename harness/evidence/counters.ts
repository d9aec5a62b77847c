import { FaultError } from '../errors.ts';
import type { Counters } from './model.ts';

/**
 * Values of the two files that are configuration and count nothing (RFC 4293, RFC 4022).
 * `nstat` hides these too (its `useless_numbers`, with TcpCurrEstab, which is a gauge and is kept here).
 */
export const CONFIGURATION: ReadonlySet<string> = new Set([
  'IpForwarding',
  'IpDefaultTTL',
  'TcpRtoAlgorithm',
  'TcpRtoMin',
  'TcpRtoMax',
  'TcpMaxConn',
]);

function addFile(counters: Record<string, number>, text: string, file: string): void {
  const lines = text.split('\n').filter((line) => line !== '');
  for (let at = 0; at < lines.length; at += 2) {
    const [section = '', ...names] = (lines[at] ?? '').trim().split(/\s+/);
    const [valueSection, ...values] = (lines[at + 1] ?? '').trim().split(/\s+/);
    const where = `${file}, line ${at + 1}`;
    if (!section.endsWith(':')) throw broken(`${where}: \`${section}\` is no section header such as \`Tcp:\``);
    if (valueSection !== section) throw broken(`${where}: the header \`${section}\` has no value line after it`);
    if (values.length !== names.length)
      throw broken(`${where}: section \`${section}\` names ${names.length} counters but has ${values.length} values`);
    names.forEach((name, index) => {
      const value = Number(values[index]);
      if (!Number.isFinite(value)) throw broken(`${where}: ${name} is \`${values[index]}\`, not a number`);
      counters[section.slice(0, -1) + name] = value;
    });
  }
}

function broken(message: string): FaultError {
  return new FaultError(message, 'counters come as pairs of lines, a header and its values: was the file read whole?');
}

/**
 * Every number of `/proc/net/snmp` and `/proc/net/netstat`, in the files' order, by the name that `nstat` gives it: the section
 * and the name in one word. `IcmpMsgInType3` and its like appear only once they are not 0 (icmpmsg_put in net/ipv4/proc.c).
 * Throws FaultError with file and line when a header lacks its value line or their lengths differ.
 */
export function parseCounters(snmpText: string, netstatText: string): Counters {
  const counters: Record<string, number> = {};
  addFile(counters, snmpText, '/proc/net/snmp');
  addFile(counters, netstatText, '/proc/net/netstat');
  return counters;
}

/**
 * `after - before`, for the names of `after`; a name that `before` lacks counts from 0 (the IcmpMsg types).
 * The gauges TcpCurrEstab and MPTcpExtMPCurrEstab become a signed change. The values in CONFIGURATION are left out: their
 * difference would be a lasting 0 that says nothing, and `host.sysctl` tells what is configured.
 */
export function deltaOf(before: Counters, after: Counters): Counters {
  const delta: Record<string, number> = {};
  for (const [name, value] of Object.entries(after))
    if (!CONFIGURATION.has(name)) delta[name] = value - (before[name] ?? 0);
  return delta;
}

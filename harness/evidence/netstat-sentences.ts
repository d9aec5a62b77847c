import type { Counters } from './model.ts';
import { MISSED, NEVER_PRINTED, SENTENCES, type Printed } from './netstat-table.ts';
import { sectionOf } from './section.ts';

interface Sentence {
  text: string;
  printed: Printed;
}

const BY_COUNTER = new Map<string, Sentence>();
for (const [section, groups] of Object.entries(SENTENCES))
  for (const printed of ['always', 'nonzero', 'input', 'output'] as const)
    for (const [name, text] of Object.entries(groups[printed] ?? {}))
      if (!MISSED.has(section + name)) BY_COUNTER.set(section + name, { text, printed });

/** An ICMP histogram has a title, and the lines under it are indented deeper (statistics.c, `states`). */
const HISTOGRAM: Partial<Record<Printed, string>> = {
  input: 'ICMP input histogram:',
  output: 'ICMP output histogram:',
};

/** icmpmsg_put of net/ipv4/proc.c writes a header for each 16 types. */
const ICMP_TYPES_A_HEADER = 16;

const indentOf = (printed: Printed): string => (HISTOGRAM[printed] === undefined ? '    ' : '        ');

/**
 * What `netstat -s` (net-tools 2.10) prints for this counter with this value, without its indent; undefined for nothing.
 * A counter that net-tools has no sentence for, or misses, is `Name: value`, and nothing when it is 0.
 */
export function sentenceOf(counter: string, value: number): string | undefined {
  if (NEVER_PRINTED.has(counter)) return undefined;
  const sentence = BY_COUNTER.get(counter);
  if (value === 0 && sentence?.printed !== 'always') return undefined;
  return sentence === undefined ? `${sectionOf(counter).name}: ${value}` : sentence.text.replace('#', String(value));
}

/**
 * The text that `netstat -s` prints for these counters, which are in the order of parseCounters(). With the oddities of
 * printval(): the title of a histogram comes even when no line follows it, and the lines of IcmpMsg keep the deep indent
 * that the ICMP histogram left. SCTP, of which parseCounters() knows nothing, is left out.
 */
export function netstatReport(counters: Counters): string {
  let report = '';
  let before = '';
  let within = 0;
  let state: Printed = 'always';
  for (const [counter, value] of Object.entries(counters)) {
    const { section } = sectionOf(counter);
    within = section === before ? within + 1 : 0;
    if (within === 0 || (section === 'IcmpMsg' && within % ICMP_TYPES_A_HEADER === 0)) report += `${section}:\n`;
    if (within === 0 && section in SENTENCES) state = 'always';
    before = section;

    const printed = BY_COUNTER.get(counter)?.printed;
    const title = printed === undefined ? undefined : HISTOGRAM[printed];
    if (title !== undefined && printed !== state) report += `${indentOf(state)}${title}\n`;
    const sentence = sentenceOf(counter, value);
    if (sentence !== undefined) report += `${indentOf(printed ?? state)}${sentence}\n`;
    state = printed ?? state;
  }
  return report;
}

import type { SysctlValue } from '../evidence/model.ts';
import { hintFor } from '../expression/did-you-mean.ts';
import { wrongSysctl } from './check-reference.ts';
import type { Work } from './definition.ts';
import type { ScenarioFile } from './file-schema.ts';
import type { Plan } from './model.ts';
import { REFERENCE, substitute } from './params.ts';
import { sysctlValueProblem } from './sysctls.ts';

/** The hosts of a plan: the sysctls of the profile, and the host's own over them. */
export function planHosts(work: Work): Plan['hosts'] {
  const { file } = work.definition;
  return Object.fromEntries(
    Object.entries(file.hosts).map(([host, written]) => [
      host,
      { sysctl: { ...profileOf(host, written, work), ...ownSysctls(host, written, work) } },
    ]),
  );
}

type HostOfFile = ScenarioFile['hosts'][string];

function profileOf(host: string, { profile }: HostOfFile, work: Work): Readonly<Record<string, SysctlValue>> {
  if (profile === undefined) return {};
  const { profiles } = work.definition.context;
  const name = String(substitute(profile, work.binding));
  const found = profiles[name];
  if (found) return found.sysctl;
  work.problem(['hosts', host, 'profile'], `unknown profile ${name}`, { hint: hintFor(name, Object.keys(profiles)) });
  return {};
}

function ownSysctls(host: string, { sysctl = {} }: HostOfFile, work: Work): Record<string, SysctlValue> {
  const values: Record<string, SysctlValue> = {};
  for (const [name, entry] of Object.entries(sysctl)) {
    const path = ['hosts', host, 'sysctl', name];
    const value = substitute(typeof entry === 'object' ? entry.value : entry, work.binding);
    const unknown = wrongSysctl(name);
    if (unknown) work.problem(path, unknown.message, { key: true, hint: unknown.hint });
    else if (typeof value !== 'number' && typeof value !== 'string') {
      work.problem(path, `${name} is an integer or a text, not ${String(value)}`);
    } else if (!REFERENCE.test(String(value))) {
      // A param that does not exist is reported for the whole file.
      const wrong = sysctlValueProblem(name, value);
      if (wrong === undefined) values[name] = value;
      else work.problem(path, wrong);
    }
  }
  return values;
}

/** The links of a plan: those of the file, or one between each pair of hosts. */
export function planLinks(work: Work): Plan['links'] {
  const { file } = work.definition;
  const hosts = Object.keys(file.hosts);
  if (!file.links) return hosts.flatMap((a, index) => hosts.slice(index + 1).map((b): [string, string] => [a, b]));
  const seen = new Set<string>();
  for (const [index, link] of file.links.entries()) {
    for (const [end, host] of link.entries()) {
      if (hosts.includes(host)) continue;
      work.problem(['links', index, end], `unknown host ${host}`, { hint: hintFor(host, hosts) });
    }
    const id = link.toSorted().join(' ');
    if (link[0] === link[1]) work.problem(['links', index, 1], `a link joins two hosts, not ${link[0]} with itself`);
    else if (seen.has(id)) work.problem(['links', index, 0], `${link.join(' and ')} are linked already`);
    seen.add(id);
  }
  return file.links;
}

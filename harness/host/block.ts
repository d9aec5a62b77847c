import { execa } from 'execa';
import type { Outcome } from '../evidence/model.ts';
import { FaultError } from '../errors.ts';
import type { Host } from './host.ts';
import { live } from './live.ts';

const FLAG_NAMES = { S: 'syn', F: 'fin', R: 'rst', '.': 'ack' } as const;

const ACTIONS = {
  drop: 'drop',
  reset: 'reject with tcp reset',
  'port-unreachable': 'reject with icmp port-unreachable',
  'host-unreachable': 'reject with icmp host-unreachable',
  'admin-prohibited': 'reject with icmp admin-prohibited',
} as const;

export interface Rule {
  hook: 'in' | 'out';
  /** Addresses. */
  from?: string | undefined;
  to?: string | undefined;
  sport?: number | undefined;
  dport?: number | undefined;
  flags?: string | undefined;
  /** Only segments with payload, or only those without. */
  payload?: boolean | undefined;
  /** Only the first so many of them; later ones pass. */
  first?: number | undefined;
  action: keyof typeof ACTIONS;
}

let made = 0;

/** One firewall rule in an nftables table of its own, with a counter. */
export class Block {
  readonly #host: Host;
  readonly #rule: Rule;
  readonly #table: string;
  readonly #counted: boolean;
  #installed = false;
  #hits = 0;
  readonly outcome: Outcome;

  /** `counted`: somebody asks how many packets it meets. */
  constructor(host: Host, rule: Rule, counted: boolean) {
    this.#host = host;
    this.#counted = counted;
    this.#rule = rule;
    made += 1;
    this.#table = `tcplab${made}`;
    this.outcome = live({ hits: () => this.#hits });
  }

  async install(): Promise<void> {
    const { hook, action } = this.#rule;
    // reject is not allowed in prerouting; input and output see what drop in prerouting and output would.
    const [chain, priority] = hook === 'out' ? ['output', 0] : action === 'drop' ? ['prerouting', -300] : ['input', 0];
    await this.#nft(
      `table ip ${this.#table} { counter hits { }; chain hit { ${limited(this.#rule)} counter name hits ${ACTIONS[action]}; }; chain c { type filter hook ${chain} priority ${priority}; ${selects(this.#rule)} }; }`,
    );
    this.#installed = true;
  }

  /** Reads how many packets the rule has met. */
  async refresh(): Promise<void> {
    if (!this.#counted || !this.#installed || this.#hits === this.#rule.first) return;
    const { nftables } = JSON.parse(await this.#nft(`list counter ip ${this.#table} hits`, '-j')) as {
      nftables: { counter?: { packets: number } }[];
    };
    this.#hits = nftables.find((one) => one.counter)?.counter?.packets ?? this.#hits;
  }

  /** Packets pass as soon as the chain is empty; its counter is read after that, so that none is missed. */
  async remove(): Promise<void> {
    await this.#nft(`flush chain ip ${this.#table} c`);
    await this.refresh();
    this.#installed = false;
  }

  async #nft(command: string, ...options: string[]): Promise<string> {
    const run = this.#host.enter(() => execa('nft', [...options, command], { reject: false, stdin: 'ignore' }));
    const { exitCode, stdout, stderr, code } = await run;
    if (code === 'ENOENT') throw new FaultError('block needs the program nft', 'install the package nftables');
    if (exitCode !== 0) throw new FaultError(`nft refused a rule on ${this.#host.name}: ${stderr.split('\n')[0]}`);
    return stdout;
  }
}

/** Segments that are all header, by the words of the TCP one. Rules, not a set: nft 1.0.6 dies of a set of half bytes. */
const EMPTY = Array.from({ length: 11 }, (_, i) => 5 + i).map(
  (words) => `ip hdrlength 5 tcp doff ${words} ip length ${20 + 4 * words}`,
);

/** Sends to the chain `hit` whatever the rule is about. */
function selects(rule: Rule): string {
  const all = matches(rule);
  if (rule.payload === undefined) return `${all} goto hit;`;
  const empty = EMPTY.map((one) => `${all} ${one} ${rule.payload ? 'accept' : 'goto hit'};`).join(' ');
  return rule.payload ? `${empty} ${all} goto hit;` : empty;
}

/** The rule's conditions in nft's language. */
function matches({ from, to, sport, dport, flags }: Rule): string {
  const parts = ['meta l4proto tcp'];
  if (from) parts.push(`ip saddr ${from}`);
  if (to) parts.push(`ip daddr ${to}`);
  if (sport) parts.push(`tcp sport ${sport}`);
  if (dport) parts.push(`tcp dport ${dport}`);
  if (flags !== undefined) parts.push(`tcp flags & (syn|ack|fin|rst) == ${flagExpression(flags)}`);
  return parts.join(' ');
}

/** A token bucket that gets a token a day: `first` packets match, and then none. */
function limited({ first }: Rule): string {
  return first === undefined ? '' : `limit rate 1/day burst ${first} packets`;
}

function flagExpression(flags: string): string {
  const names = [...flags].flatMap((flag) => (flag in FLAG_NAMES ? [FLAG_NAMES[flag as keyof typeof FLAG_NAMES]] : []));
  return names.length === 0 ? '0x0' : names.join('|');
}

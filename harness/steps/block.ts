import { z } from 'zod';
import { Block } from '../host/block.ts';
import { host, makes, named, port } from '../scenario/fields.ts';
import { defineStep } from './step.ts';

export const block = defineStep({
  kind: 'block',
  about: 'a firewall rule on a host: drops or rejects TCP segments by flags, ports and direction',
  schema: z.strictObject({
    on: host(),
    hook: z.enum(['in', 'out']).default('in').describe('in: before the host sees them; out: before they leave it'),
    from: host().optional(),
    to: host().optional(),
    sport: port().optional(),
    dport: port().optional(),
    flags: z
      .string()
      .regex(/^\[(?:[FSRPUEW]*\.?)\]$/, 'flags as tcpdump prints them: [S], [.], [F.]')
      .optional()
      .describe('exactly these of SYN, ACK, FIN and RST (PSH is not looked at)'),
    payload: z.boolean().optional().describe('only segments with payload, or only those without'),
    first: z.number().int().min(1).max(1000).optional().describe('only the first so many of them; later ones pass'),
    action: z.enum(['drop', 'reset', 'port-unreachable', 'host-unreachable', 'admin-prohibited']).default('drop'),
    as: makes(),
  }),
  outcome: { type: 'Block', fields: { hits: 'int' } },
  programs: () => ['nft'],
  by: 'program',
  explain: (a) =>
    `${a.as}: nft on ${a.on}, ${a.hook}: ${[a.first && `first ${a.first}`, a.flags, a.payload !== undefined && `${a.payload ? 'with' : 'without'} payload`, a.sport && `sport ${a.sport}`, a.dport && `dport ${a.dport}`].filter(Boolean).join(' ') || 'all TCP'} ${a.action}`,
  async run(args, { lab, publish }) {
    const addresses = { from: args.from && lab.host(args.from).address, to: args.to && lab.host(args.to).address };
    const rule = new Block(lab.host(args.on), { ...args, ...addresses }, lab.countsHits);
    await rule.install();
    lab.blocks.push(rule);
    publish(rule.outcome, rule);
  },
});

export const unblock = defineStep({
  kind: 'unblock',
  about: 'takes a firewall rule away',
  schema: z.strictObject({ block: named('Block') }),
  shorthand: 'block',
  by: 'program',
  explain: (a) => `remove ${a.block}`,
  async run(args, { lab }) {
    await lab.handle(args.block, Block).remove();
  },
});

import { readFileSync } from 'node:fs';
import t from 'tap';
import type { HostEvidence, Scope } from '../evidence/model.ts';
import type { TraitOfRecord } from '../results/record.ts';
import { parseChanges } from '../scenario/changes.ts';
import type { Plan } from '../scenario/model.ts';
import { judge } from './judge.ts';
import { compareUpstream, predict, upstreamOf, type KernelWords } from './kernel-version.ts';
import { traitsOf } from './traits.ts';

const FILE = new URL('../../scenarios/changes.yaml', import.meta.url);
const CHANGES = parseChanges(readFileSync(FILE, 'utf8'), 'changes.yaml');
const change = (id: string) => CHANGES.find((one) => one.id === id)!;

/** For each kernel: its words, its upstream version, and what it has: accept-full-drops-syn, syn-queue-is-backlog, ...-plus-one, syn-linear-timeouts. */
type Has = boolean | null;
const KERNELS: readonly [what: string, words: KernelWords, upstream: string, has: readonly [Has, Has, Has, Has]][] = [
  [
    'Debian 12 in a cloud',
    {
      release: '6.1.0-50-cloud-amd64',
      version:
        'Linux version 6.1.0-50-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-06-20)',
    },
    '6.1.176',
    [true, true, true, false],
  ],
  [
    'Debian 12 before the backport',
    {
      release: '6.1.0-28-amd64',
      version:
        'Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)',
    },
    '6.1.119',
    [true, true, false, false],
  ],
  [
    'Debian backports',
    {
      release: '6.12.9+bpo-amd64',
      version:
        'Linux version 6.12.9+bpo-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.12.9-1~bpo12+1 (2025-01-19)',
    },
    '6.12.9',
    [true, true, false, true],
  ],
  [
    'Debian release candidate',
    {
      release: '7.3~rc7-amd64',
      version:
        'Linux version 7.3-rc7-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 7.3~rc7-1~exp1 (2026-10-01)',
    },
    '7.3-rc7',
    [true, true, true, true],
  ],
  [
    'Raspberry Pi OS',
    {
      release: '6.6.31+rpt-rpi-v8',
      version:
        'Linux version 6.6.31+rpt-rpi-v8 (serge@raspberrypi.com) #1 SMP PREEMPT Debian 1:6.6.31-1+rpt1 (2024-05-29)',
    },
    '6.6.31',
    [true, true, false, true],
  ],
  [
    'Debian without its own words',
    { release: '5.10.0-18-cloud-amd64', version: 'Linux version 5.10.0-18-cloud-amd64' },
    '5.10',
    [true, true, null, false],
  ],
  [
    'Ubuntu 22.04',
    {
      release: '5.15.0-91-generic',
      version: 'Linux version 5.15.0-91-generic (buildd@lcy02) #101-Ubuntu SMP',
      signature: 'Ubuntu 5.15.0-91.101-generic 5.15.131\n',
    },
    '5.15.131',
    [true, true, false, false],
  ],
  [
    'Ubuntu 24.04 on AWS',
    {
      release: '6.8.0-1021-aws',
      version: 'Linux version 6.8.0-1021-aws (buildd@lcy02) #23-Ubuntu SMP',
      signature: 'Ubuntu 6.8.0-1021.23-aws 6.8.12',
    },
    '6.8.12',
    [true, true, false, true],
  ],
  [
    'Ubuntu without a signature',
    { release: '5.15.0-91-generic', version: 'Linux version 5.15.0-91-generic (buildd@lcy02) #101-Ubuntu SMP' },
    '5.15',
    [true, true, null, false],
  ],
  [
    'RHEL 7, the article',
    { release: '3.10.0-693.el7.x86_64', version: 'Linux version 3.10.0-693.el7.x86_64' },
    '3.10.0',
    [false, false, false, false],
  ],
  [
    'CentOS 7.9',
    { release: '3.10.0-1160.119.1.el7.x86_64', version: 'Linux version 3.10.0-1160' },
    '3.10.0',
    [false, false, false, false],
  ],
  ['RHEL 8', { release: '4.18.0-513.5.1.el8_9.x86_64', version: '' }, '4.18.0', [true, true, null, null]],
  ['Rocky 9', { release: '5.14.0-427.13.1.el9_4.x86_64', version: '' }, '5.14.0', [true, true, null, null]],
  ['Oracle UEK on 8', { release: '5.15.0-200.131.27.el8uek.x86_64', version: '' }, '5.15.0', [true, true, null, null]],
  [
    'Arch',
    { release: '6.9.1-arch1-1', version: 'Linux version 6.9.1-arch1-1 (linux@archlinux)' },
    '6.9.1',
    [true, true, false, true],
  ],
  ['WSL2', { release: '5.15.153.1-microsoft-standard-WSL2', version: '' }, '5.15.153', [true, true, false, false]],
  [
    'WSL2 with the backport',
    { release: '6.6.87.2-microsoft-standard-WSL2', version: '' },
    '6.6.87',
    [true, true, true, true],
  ],
  [
    'Amazon Linux 2023',
    { release: '6.1.112-122.189.amzn2023.x86_64', version: '' },
    '6.1.112',
    [true, true, false, false],
  ],
  ['Amazon Linux 2', { release: '4.14.355-275.572.amzn2.x86_64', version: '' }, '4.14.355', [true, true, false, false]],
  [
    'Firecracker',
    { release: '6.18.44-fc-v657', version: 'Linux version 6.18.44-fc-v657 (builder@x)' },
    '6.18.44',
    [true, true, true, true],
  ],
  ['Alpine', { release: '6.6.72-0-lts', version: '' }, '6.6.72', [true, true, true, true]],
  ['Fedora', { release: '6.8.5-301.fc40.x86_64', version: '' }, '6.8.5', [true, true, false, true]],
  [
    'Fedora Rawhide',
    { release: '6.13.0-0.rc3.20241218gitaef25be35d23.31.fc42.x86_64', version: '' },
    '6.13-rc3',
    [true, true, null, true],
  ],
  [
    'Android',
    { release: '5.10.198-android13-4-00050-g12f3388846c3-ab11920634', version: '' },
    '5.10.198',
    [true, true, false, false],
  ],
  [
    "a build of one's own",
    { release: '6.13.0-rc7-00001-gdeadbeef', version: '' },
    '6.13-rc7',
    [true, true, null, true],
  ],
  ['mainline 6.13', { release: '6.13.0', version: '' }, '6.13.0', [true, true, true, true]],
  ['Linux 4.4 of 2018', { release: '4.4.155', version: '' }, '4.4.155', [false, true, false, false]],
  [
    'ELRepo: upstream for el7',
    { release: '4.4.178-1.el7.elrepo.x86_64', version: '' },
    '4.4.178',
    [true, true, false, false],
  ],
  ['plain 4.4 with the backport', { release: '4.4.178', version: '' }, '4.4.178', [true, true, false, false]],
  ['SUSE Enterprise', { release: '5.14.21-150500.55.59-default', version: '' }, '5.14.21', [true, true, null, null]],
  ['Tumbleweed', { release: '6.7.4-1-default', version: '' }, '6.7.4', [true, true, false, true]],
  [
    'Proxmox',
    { release: '6.8.4-2-pve', version: 'Linux version 6.8.4-2-pve (build@proxmox) #1 SMP PREEMPT_DYNAMIC PMX 6.8.4-2' },
    '6.8.4',
    [true, true, false, true],
  ],
  ['nothing to read', { release: 'custom', version: '' }, '', [null, null, null, null]],
];
const ASKED = ['accept-full-drops-syn', 'syn-queue-is-backlog', 'syn-queue-is-backlog-plus-one', 'syn-linear-timeouts'];

t.test('kernels say their upstream version, and the version predicts', async (t) => {
  t.ok(KERNELS.length >= 20);
  for (const [what, words, text, has] of KERNELS) {
    const upstream = upstreamOf(words);
    t.equal(upstream.text, text, what);
    t.strictSame(
      ASKED.map((id) => predict(change(id), upstream)),
      has,
      `${what} has ${ASKED.join(', ')}`,
    );
  }
});

t.test('vendor kernels are known by their name', async (t) => {
  const el7 = upstreamOf({ release: '3.10.0-693.el7.x86_64', version: '' });
  t.match(el7, { vendor: 'el7', vendorRelease: '3.10.0-693' });
  t.equal(upstreamOf({ release: '5.15.0-200.131.27.el8uek.x86_64', version: '' }).vendor, 'el8uek');
  const since = { ...change('accept-full-drops-syn'), vendors: { el7: '3.10.0-862' } };
  t.equal(predict(since, el7), false);
  t.equal(predict(since, upstreamOf({ release: '3.10.0-1160.el7.x86_64', version: '' })), true);
  t.equal(predict(change('nginx-keepalive-requests-1000'), el7), null, 'a kernel version tells nothing about nginx');
});

t.test('a release candidate is older than its release', async (t) => {
  const of = (release: string) => upstreamOf({ release, version: '' });
  t.ok(compareUpstream(of('6.13-rc7'), of('6.13.0')) < 0);
  t.ok(compareUpstream(of('6.13-rc2'), of('6.13-rc7')) < 0);
  t.ok(compareUpstream(of('6.12.10'), of('6.13-rc1')) < 0);
  t.ok(compareUpstream(of('6.13.0'), of('6.13.0')) === 0);
});

t.test('the version predicts, the probe checks', async (t) => {
  const known = upstreamOf({ release: '6.1.119', version: '' });
  const plusOne = [change('syn-queue-is-backlog-plus-one')];
  t.strictSame(traitsOf(plusOne, known, { 'syn-queue-is-backlog-plus-one': false }), {
    traits: { 'syn-queue-is-backlog-plus-one': { has: false, by: 'version', version: false, probe: false } },
    findings: [],
  });
  t.strictSame(traitsOf(plusOne, known, { 'syn-queue-is-backlog-plus-one': true }), {
    traits: { 'syn-queue-is-backlog-plus-one': { has: false, by: 'version', version: false, probe: true } },
    findings: [{ kind: 'change', where: 'syn-queue-is-backlog-plus-one', expected: false, measured: true }],
  });
  const vendor = upstreamOf({ release: '4.18.0-513.el8.x86_64', version: '' });
  t.match(traitsOf(plusOne, vendor, { 'syn-queue-is-backlog-plus-one': true }).traits, {
    'syn-queue-is-backlog-plus-one': { has: true, by: 'probe', version: null, probe: true },
  });
  t.strictSame(traitsOf(plusOne, vendor, {}), { traits: {}, findings: [] });
});

const host = (counters: Record<string, number>): HostEvidence => ({ counters, sockets: [], packets: [], sysctl: {} });
const scope: Scope = {
  at: 1,
  hosts: { server: host({ TcpExtListenDrops: 540, TcpOutRsts: 0 }) },
  outcomes: {},
  observations: {},
  params: { backlog: 1 },
  hz: 250,
};
const position = { file: 'x.yaml', line: 3, column: 5 };
const trait = (has: boolean): TraitOfRecord => ({ has, by: 'version', version: has, probe: null });
const TRAITS = { 'accept-full-drops-syn': trait(true), 'syn-queue-is-backlog': trait(false) };
const claim = (that: string, holds: Plan['claims'][number]['holds']): Plan['claims'][number] => ({
  id: 'c',
  source: { article: 'syn-accept-queues' },
  says: 's',
  that: { cel: that, position },
  holds,
});
const plan = (parts: Partial<Plan>): Plan => ({
  id: 'x',
  title: 'x',
  digest: '',
  tags: [],
  params: { backlog: 1 },
  repeat: 1,
  hosts: { server: { sysctl: {} } },
  links: [],
  steps: [],
  expect: [],
  claims: [],
  names: { hosts: ['server'], observations: [], params: { backlog: 'int' }, outcomes: {} },
  changes: [],
  needs: [],
  alone: false,
  lasts: 1,
  ...parts,
});
const expectation = (cel: string, when?: Plan['expect'][number]['when']) => ({
  that: { cel, position },
  ...(when ? { when } : {}),
});

t.test('expectations are held, broken or skipped', async (t) => {
  const { expectations, verdict, reason } = judge(
    plan({
      expect: [
        expectation('server.TcpExtListenDrops == 540'),
        expectation('server.TcpExtListenDrops == 540 + backlog'),
        expectation('server.TcpExtPAWSOldAck == 0'),
        expectation('server.TcpOutRsts == 1', { lacks: ['accept-full-drops-syn'] }),
        expectation('server.TcpOutRsts == 1', { has: ['accept-full-drops-syn'], lacks: ['nobody-knows'] }),
        expectation('1 / (backlog - 1) == 1'),
        expectation('server.packets[0].seq == 1'),
      ],
    }),
    scope,
    TRAITS,
    CHANGES,
  );
  t.strictSame(
    expectations.map((one) => [one.verdict, one.text]),
    [
      ['held', '540 == 540'],
      ['broken', '540 == 541 (backlog 1)'],
      ['skipped', 'this kernel lacks TcpExtPAWSOldAck'],
      ['skipped', 'this kernel has accept-full-drops-syn'],
      ['skipped', 'neither the version nor a probe tells whether this kernel has nobody-knows'],
      ['broken', 'division by zero: (division by zero) == 1 (backlog 1)'],
      ['broken', 'index out of bounds, index 0 >= size 0: (index out of bounds, index 0 >= size 0) == 1'],
    ],
  );
  t.strictSame(expectations[1]?.values, { 'server.TcpExtListenDrops': 540, '540 + backlog': 541, backlog: 1 });
  t.equal(verdict, 'failed');
  t.match(reason, { code: 'expectation', text: /^x\.yaml:3:5: .* \(and 2 more\)$/ });
  t.match(judge(plan({ expect: [expectation('server.TcpOutRsts == 0')] }), scope, TRAITS, CHANGES), {
    verdict: 'passed',
    reason: { code: 'passed', text: '1 expectation held, 0 claims as predicted' },
  });
});

t.test('claims are confirmed or refuted, as predicted or not', async (t) => {
  const one = (that: string, holds: Plan['claims'][number]['holds']) => {
    const { claims, verdict, reason } = judge(plan({ claims: [claim(that, holds)] }), scope, TRAITS, CHANGES);
    return { ...claims[0]!, record: verdict, reason };
  };
  const yes = 'server.TcpOutRsts == 0';
  const no = 'server.TcpOutRsts == 1';
  t.match(one(yes, 'always'), { verdict: 'confirmed', expected: 'confirmed', because: '', record: 'passed' });
  t.match(one(no, 'never'), { verdict: 'refuted', expected: 'refuted', because: 'never held', record: 'passed' });
  t.match(one(no, 'always'), {
    verdict: 'refuted',
    expected: 'confirmed',
    record: 'failed',
    reason: { code: 'claim' },
  });
  t.match(one(yes, 'never'), { verdict: 'confirmed', expected: 'refuted', record: 'failed' });
  t.match(one(no, { lacks: ['accept-full-drops-syn'] }), {
    verdict: 'refuted',
    expected: 'refuted',
    because:
      'this kernel has accept-full-drops-syn: "tcp/dccp: drop SYN packets if accept queue is full" (5ea8ea2cb7f1, 4.10)',
    record: 'passed',
  });
  t.match(one(no, { has: ['syn-queue-is-backlog'] }), {
    because: /^this kernel lacks syn-queue-is-backlog: /,
    record: 'passed',
  });
  t.match(one(yes, { has: ['accept-full-drops-syn'], lacks: ['syn-queue-is-backlog'] }), {
    expected: 'confirmed',
    record: 'passed',
  });
  t.match(one(no, { has: ['nobody-knows'] }), { verdict: 'refuted', expected: 'not-tested', record: 'passed' });
  t.match(one('server.TcpExtPAWSOldAck == 0', 'always'), { verdict: 'not-tested', record: 'passed' });
  t.match(one('1 / (backlog - 1) == 1', 'always'), {
    verdict: 'not-tested',
    record: 'failed',
    reason: { text: /cannot be judged/ },
  });
});

t.test('changes.yaml is in order', async (t) => {
  t.ok(CHANGES.length >= 13);
  for (const { id, of, probe } of CHANGES) {
    if (of !== 'linux') t.ok(probe, `${id}: only a probe can tell`);
    if (probe !== undefined) t.equal(probe, `probes/${id}`);
  }
});

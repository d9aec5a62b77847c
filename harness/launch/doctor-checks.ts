import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';
import { UnableError } from '../errors.ts';
import { PROGRAMS } from '../scenario/programs.ts';
import { findProgram, installLine } from './programs.ts';
import { NFT, NFT_RULES, PACKET, probe, TRACING, VETH } from './probes.ts';
import { demandSandbox, thisMachine } from './rights.ts';

export interface DoctorResult {
  ok: boolean;
  detail: string;
  /** A command, or a sentence, that mends it. */
  fix?: string;
}

export interface DoctorCheck {
  name: string;
  /** Without it nothing runs; otherwise some scenarios are skipped. */
  needed: boolean;
  run(): Promise<DoctorResult>;
}

const OLDEST_NODE = [20, 19] as const;

/** A scenario with 9,000 connections holds both ends of each. */
const OPEN_FILES = 20_000;

function check(name: string, needed: boolean, run: () => Promise<DoctorResult>): DoctorCheck {
  return { name, needed, run };
}

function program(name: string, needed: boolean, from: string, about: string): DoctorCheck {
  return check(name, needed, async () => {
    const path = findProgram(name);
    if (path !== undefined) return { ok: true, detail: path };
    return { ok: false, detail: `not found: ${about}`, fix: installLine([from], thisMachine.root) };
  });
}

function inSandbox(name: string, needed: boolean, argv: readonly string[], lost: string, input?: string): DoctorCheck {
  return check(name, needed, async () => {
    const { ok, said, took } = await probe(argv, input);
    return ok ? { ok, detail: `works (${took} ms)` } : { ok, detail: `${said}; ${lost}` };
  });
}

const linux = check('Linux', true, async () => {
  const ok = process.platform === 'linux';
  return { ok, detail: `${process.platform} ${release()} ${arch()}`, ...(ok ? {} : { fix: 'run tcplab on Linux' }) };
});

const node = check('Node', true, async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return { ok, detail: process.version, ...(ok ? {} : { fix: `install Node ${OLDEST_NODE.join('.')} or newer` }) };
});

const rights = check('rights', true, async () => ({
  ok: true,
  detail: thisMachine.root ? 'root' : 'ordinary user, root inside a user namespace',
}));

const sandbox = check('sandbox', true, async () => {
  try {
    await demandSandbox();
  } catch (error) {
    if (!(error instanceof UnableError)) throw error;
    return { ok: false, detail: error.message, ...(error.hint === undefined ? {} : { fix: error.hint }) };
  }
  return { ok: true, detail: `started and gone in ${(await probe(['true'])).took} ms` };
});

const tracing = check('tracing', false, async () => {
  const lost = 'state transitions and causes are not recorded';
  if (!thisMachine.root) return { ok: false, detail: `needs root; ${lost}`, fix: 'run tcplab as root' };
  const { ok, said, took } = await probe(TRACING);
  return { ok, detail: ok ? `works (${took} ms)` : `${said}; ${lost}` };
});

const openFiles = check('open files', false, async () => {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '0';
  const ok = hard === 'unlimited' || Number(hard) >= OPEN_FILES;
  if (ok) return { ok, detail: `${hard} allowed` };
  return {
    ok,
    detail: `${hard} allowed; scenarios with 9,000 connections need ${OPEN_FILES}`,
    fix: `raise the hard limit: as root, ulimit -n ${OPEN_FILES}; in a container, --ulimit nofile=${OPEN_FILES}`,
  };
});

/** What `tcplab doctor` looks at, in order; everything is tried for real. */
export const doctorChecks: readonly DoctorCheck[] = [
  linux,
  node,
  rights,
  program('setpriv', true, 'util-linux', 'the sandbox is started by it'),
  program('unshare', true, 'util-linux', 'the sandbox is started by it'),
  sandbox,
  inSandbox('veth', true, VETH, 'hosts cannot be linked'),
  inSandbox('packet capture', true, PACKET, 'no packets are recorded'),
  inSandbox('nft in a lab', false, NFT, 'scenarios that lose or reject packets are skipped', NFT_RULES),
  tracing,
  openFiles,
  ...Object.entries(PROGRAMS).map(([name, { package: from, about }]) => program(name, false, from, about)),
];

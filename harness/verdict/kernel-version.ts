import type { Change } from '../scenario/model.ts';

/** The upstream version of a kernel, as far as its own words tell it. */
export interface Upstream {
  /** `6.1.176`, `7.3-rc7`; `5.15` where the point release is not told; empty where nothing is. */
  text: string;
  /** Major, minor and, where known, the point release. */
  parts: readonly number[];
  rc?: number;
  /** A kernel with so many changes of its own that upstream numbers do not describe it: `el7`, `el8`, `el8uek`, `sle15`. */
  vendor?: string;
  /** The vendor's own release: `3.10.0-693`. */
  vendorRelease?: string;
}

export interface KernelWords {
  /** uname -r */
  release: string;
  /** /proc/version */
  version: string;
  /** /proc/version_signature (Ubuntu): `Ubuntu 5.15.0-91.101-generic 5.15.131` */
  signature?: string;
}

const NUMBER = /^(\d+)\.(\d+)(?:\.(\d+))?/;

function numbered(text: string, rc: string | undefined): Upstream | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const parts = match.slice(1, 4).flatMap((part) => (part === undefined ? [] : [Number(part)]));
  if (rc === undefined) return { text: parts.join('.'), parts: parts.length === 3 ? parts : [...parts, 0] };
  const line = parts.slice(0, 2);
  return { text: `${line.join('.')}-rc${rc}`, parts: [...line, 0], rc: Number(rc) };
}

/** Distributions that name a kernel `X.Y.0-<own number>`: the point release stands elsewhere, or nowhere. */
const OWN_NUMBERS =
  /^\d+\.\d+\.0-\d+-(?:.*-)?(?:generic|lowlatency|aws|azure|gcp|oracle|kvm|amd64|arm64|686|686-pae|armmp|ppc64el|s390x|riscv64)$/;

/** Debian's package version in /proc/version, Ubuntu's signature, else uname -r. */
export function upstreamOf({ release, version, signature }: KernelWords): Upstream {
  // After the build number: the compiler before it is often a Debian package too.
  const debian = /#\d+ [^()]*\bDebian (?:\d+:)?(\d+\.\d+(?:\.\d+)?)(?:~rc(\d+))?[-+~]/.exec(version);
  if (debian) return numbered(debian[1]!, debian[2])!;
  const ubuntu = /^Ubuntu \S+ (\d+\.\d+\.\d+)/.exec(signature ?? '');
  if (ubuntu) return numbered(ubuntu[1]!, undefined)!;
  const rc = /^\d+\.\d+(?:\.0)?-(?:0\.)?rc(\d+)/.exec(release)?.[1];
  const own = numbered(release, rc);
  if (!own) return { text: '', parts: [] };
  // ELRepo packages plain upstream kernels for these systems.
  const enterprise = /^(.+?)\.(el\d+uek|el\d+|vz\d+)(?!\.elrepo)(?:[._]|$)/.exec(
    release.replace(/\.(lve|plus)(?=\.el)/, ''),
  );
  if (enterprise) return { ...own, vendor: enterprise[2]!, vendorRelease: enterprise[1]! };
  const suse = /^(\d+\.\d+\.\d+-(15|12)0?\d+\.[\d.]+)-\w+$/.exec(release);
  if (suse) return { ...own, vendor: `sle${suse[2]}`, vendorRelease: suse[1]! };
  if (OWN_NUMBERS.test(release)) {
    const line = own.parts.slice(0, 2);
    return { text: line.join('.'), parts: line };
  }
  return own;
}

/** Compares numbers from the left; a missing one counts as 0. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbersIn = (text: string) => (text.match(/\d+/g) ?? []).map(Number);

/** Negative when the first version is the older; `6.13-rc7` is older than `6.13`. */
export function compareUpstream(a: Upstream, b: Upstream): number {
  return compare(a.parts, b.parts) || (a.rc ?? Infinity) - (b.rc ?? Infinity) || 0;
}

/** Whether a kernel of this version has the change; null where no version can tell. */
export function predict(change: Change, upstream: Upstream): boolean | null {
  if (change.of !== 'linux' || upstream.parts.length === 0) return null;
  const mainline = numbersIn(change.mainline);
  const { parts, rc, vendor, vendorRelease } = upstream;
  if (vendor !== undefined) {
    const entry = change.vendors[vendor];
    if (entry === 'always') return true;
    if (entry === 'never') return false;
    if (entry !== undefined) return compare(numbersIn(vendorRelease ?? ''), numbersIn(entry)) >= 0;
    // A vendor adds to its base and takes nothing away.
    return compare(parts, mainline) >= 0 ? true : null;
  }
  // A release candidate of the very release: the change came with one of its candidates.
  if (rc !== undefined && compare(parts, mainline) === 0) return null;
  if (compare(parts, mainline) >= 0) return true;
  const backport = change.backports[parts.slice(0, 2).join('.')];
  if (backport === undefined || rc !== undefined) return false;
  if (parts.length < 3) return null;
  return compare(parts, numbersIn(backport)) >= 0;
}

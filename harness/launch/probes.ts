import { execa } from 'execa';
import { engineEnvironment } from './environment.ts';
import { thisMachine } from './rights.ts';
import { sandboxCommand } from './sandbox.ts';

export interface ProbeResult {
  ok: boolean;
  /** What went wrong, in the words of what failed. */
  said: string;
  /** Milliseconds, with the start of the sandbox. */
  took: number;
}

/** Runs `argv` in a fresh sandbox, as the engine would be. */
export async function probe(argv: readonly string[], input = ''): Promise<ProbeResult> {
  const [file, args] = sandboxCommand(argv, { userNamespace: !thisMachine.root });
  const end = await execa(file, args, {
    cwd: '/',
    env: engineEnvironment(process.env),
    extendEnv: false,
    reject: false,
    input,
    timeout: 10_000,
  });
  const said = end.stderr.trim() === '' ? (end.shortMessage ?? '') : (end.stderr.trim().split('\n')[0] ?? '');
  return { ok: !end.failed, said: end.failed ? said : '', took: Math.round(end.durationMs) };
}

/** Adds a veth pair by one RTM_NEWLINK (rtnetlink(7)); perl is on every Debian, `ip` is not. */
export const VETH = [
  'perl',
  '-e',
  `socket(S, 16, 3, 0) or die "netlink: $!\\n";
   $link = pack("SSSSa8", 16, 18, 9, 1, "veth");
   send(S, pack("LSSLL", 32 + length $link, 16, 0x605, 1, 0) . "\\0" x 16 . $link, 0) or die "netlink: $!\\n";
   recv(S, $answer, 4096, 0);
   $! = -unpack("x16 l", $answer);
   die "veth: $!\\n" if $! + 0;`,
];

/** Opens a packet(7) socket. */
export const PACKET = ['perl', '-e', 'socket(S, 17, 3, 0) or die "packet socket: $!\\n"'];

export const NFT = ['nft', '-f', '-'];
export const NFT_RULES =
  'table inet t { chain c { type filter hook input priority 0; ct state new drop; reject with tcp reset; }; }';

/** What the engine reads transitions and causes from. */
export const TRACING = [
  'sh',
  '-ec',
  'mount -t tracefs tracefs /tmp; cat /tmp/events/sock/inet_sock_set_state/id /tmp/events/skb/kfree_skb/id >/dev/null',
];

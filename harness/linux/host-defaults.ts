import { release } from 'node:os';
import { libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { enter } from './namespaces.ts';

const O_WRONLY_CLOEXEC = 0o2000001;

/** Knobs of net.ipv4.conf.{all,default} whose compiled default is not 0, net/ipv4/devinet.c. */
const CONF = {
  accept_redirects: 1,
  arp_evict_nocarrier: 1,
  igmpv2_unsolicited_report_interval: 10000,
  igmpv3_unsolicited_report_interval: 1000,
  secure_redirects: 1,
  send_redirects: 1,
  shared_media: 1,
};

const CONF_ZERO = [
  'accept_local',
  'arp_accept',
  'arp_announce',
  'arp_filter',
  'arp_ignore',
  'arp_notify',
  'bc_forwarding',
  'bootp_relay',
  'disable_policy',
  'disable_xfrm',
  'drop_gratuitous_arp',
  'drop_unicast_in_l2_multicast',
  'force_igmp_version',
  'ignore_routes_with_linkdown',
  'log_martians',
  'medium_id',
  'promote_secondaries',
  'proxy_arp',
  'proxy_arp_pvlan',
  'route_localnet',
  'rp_filter',
  'src_valid_mark',
  'tag',
];

function defaults(): [path: string, value: Buffer][] {
  const values: [string, string][] = [];
  // First: forwarding also sets accept_redirects and the forwarding knob of every link (inet_forward_change).
  values.push(['ipv4/ip_forward', '0']);
  for (const set of ['all', 'default']) {
    for (const [knob, value] of Object.entries(CONF)) values.push([`ipv4/conf/${set}/${knob}`, String(value)]);
    for (const knob of CONF_ZERO) values.push([`ipv4/conf/${set}/${knob}`, '0']);
    values.push([`ipv4/conf/${set}/accept_source_route`, set === 'default' ? '1' : '0']);
    // Router solicitations and DAD would be 10 to 13 packets in every capture.
    values.push([`ipv6/conf/${set}/disable_ipv6`, '1']);
  }
  values.push(
    ['ipv4/tcp_rmem', `4096 ${initialReceiveBuffer()} 6291456`],
    ['ipv4/tcp_wmem', '4096 16384 4194304'],
    ['ipv4/tcp_congestion_control', 'cubic'],
    // Not the compiled default: what a finished connection taught (tcp_metrics) would steer the next one, by measured
    // round trips; it also makes its peer "proven", exempt from the 3/4 rule of the SYN queue (tcp_peer_is_proven).
    ['ipv4/tcp_no_metrics_save', '1'],
  );
  return values.map(([path, value]) => [`/proc/sys/net/${path}`, Buffer.from(value)]);
}

// tcp_rmem[1] is 131072 since 4.20 (a337531b942b).
function initialReceiveBuffer(): number {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 20) ? 131072 : 87380;
}

let compiled: [path: string, value: Buffer][] | undefined;

/**
 * Compiled defaults over everything that a fresh namespace copied from the initial one: net.ipv4.conf (devconf_inherit_init_net),
 * ip_forward, TCP buffers and congestion control (tcp_sk_init). Before links exist: they copy `conf.default`.
 * Knobs that this kernel lacks or keeps global are passed over.
 */
export function resetNamespace(ns: Fd): void {
  compiled ??= defaults();
  const values = compiled;
  enter(ns, () => {
    for (const [path, value] of values) {
      const fd = libc.open(path, O_WRONLY_CLOEXEC);
      if (fd === -1) continue;
      libc.write(fd, value, value.length);
      libc.close(fd);
    }
  });
}

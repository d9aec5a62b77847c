/** Longest first, so that `TcpExtListenDrops` is of TcpExt and not of Tcp. */
const SECTIONS = ['MPTcpExt', 'IcmpMsg', 'UdpLite', 'TcpExt', 'IpExt', 'Icmp', 'Tcp', 'Udp', 'Ip'];

/** `TcpExtListenDrops` is of section `TcpExt`, where the kernel calls it `ListenDrops`. Section '' for an unknown one. */
export function sectionOf(counter: string): { section: string; name: string } {
  const section = SECTIONS.find((candidate) => counter.startsWith(candidate)) ?? '';
  return { section, name: counter.slice(section.length) };
}

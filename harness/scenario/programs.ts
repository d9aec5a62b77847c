/** Programs that scenarios may start: the Debian package of each, and what it is for. */
export const PROGRAMS: Readonly<Record<string, { package: string; about: string }>> = {
  curl: { package: 'curl', about: 'HTTP requests as an article made them' },
  haproxy: { package: 'haproxy', about: 'a proxy with its own ways of closing' },
  hping3: { package: 'hping3', about: 'SYN floods to compare ours with; benchmarks only' },
  lsof: { package: 'lsof', about: 'which process holds which socket, to compare with our tables' },
  netstat: { package: 'net-tools', about: 'counters in words, to compare ours with' },
  nft: { package: 'nftables', about: 'losing and rejecting packets' },
  nginx: { package: 'nginx-light', about: 'a web server with its own backlog and timers' },
  perl: { package: 'perl-base', about: 'a program that calls sockets as plainly as C' },
  ping: { package: 'iputils-ping', about: 'what ICMP says of a path, beside what TCP does' },
  'redis-server': { package: 'redis-server', about: 'a server with tcp-backlog' },
  ss: { package: 'iproute2', about: 'socket tables in words, to compare ours with' },
  tcpdump: { package: 'tcpdump', about: 'reading the packets of a run' },
  tshark: { package: 'tshark', about: 'a second opinion on the packets of a run' },
};

/** What `tcplab init` writes: small enough to read, and it passes. */
export const FIRST_SCENARIO = `# yaml-language-server: $schema=./scenario.schema.json

title: The accept queue fills
about: >-
  A server that never calls accept() lets the kernel queue backlog + 1 connections; what comes then is dropped.

# Each host is a network namespace of its own. Sysctls are set there, never on this machine.
hosts:
  server: { sysctl: { net.core.somaxconn: 128 } }
  client: {}

# A list makes a sweep: one record for each value.
params:
  backlog: [1, 4]

# Steps run in this order. \`as:\` names what a step made, so that expressions can ask about it.
# \`beside\`: the ten clients go on while the next steps are taken; some of them will never get in.
steps:
  - listen: { on: server, port: 8080, backlog: $backlog, accept: none, as: web }
  - connect: { from: client, to: web, count: 10, beside: true, as: crowd }
  - until: web.queue == backlog + 1 && server.TcpExtListenDrops > 0
  - observe: after

# An expectation is a law over params and observations, in CEL. A counter is the change since the lab was up.
expect:
  - that: after.web.limit == min(backlog, server.sysctl['net.core.somaxconn'])
  - that: after.web.queue == after.web.limit + 1
  - that: after.crowd.connected >= backlog + 1
  - that: after.server.TcpExtListenDrops == after.server.TcpExtListenOverflows
  - that: after.server.TcpOutRsts == 0
`;

/** States as `ss` prints them, by their number in include/net/tcp_states.h; 12 (TCP_NEW_SYN_RECV) is a request socket. */
const STATES = [
  'UNKNOWN',
  'ESTAB',
  'SYN-SENT',
  'SYN-RECV',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'UNCONN',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
  'SYN-RECV',
];

export function tcpStateName(state: number): string {
  return STATES[state] ?? `state ${state}`;
}

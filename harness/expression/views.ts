import type { HostEvidence, Packet, SocketRow } from '../evidence/model.ts';
import { COUNTER_NAMES } from '../evidence/counter-names.ts';
import type { FieldType } from '../scenario/step-kind.ts';
import { toCel, View, type Wrap } from './values.ts';

type Fields = Readonly<Record<string, FieldType>>;

/** Puts a getter for each field on the class: a field is read and converted only when an expression touches it. */
function defineFields(view: abstract new (raw: never) => View<object>, fields: Fields, wrap: Wrap): void {
  for (const [name, type] of Object.entries(fields)) {
    Object.defineProperty(view.prototype, name, {
      get(this: View<object>) {
        return toCel(type, Reflect.get(this.raw, name), wrap);
      },
    });
  }
}

export const PACKET_FIELDS = {
  at: 'double',
  host: 'string',
  out: 'bool',
  from: 'string',
  to: 'string',
  sport: 'int',
  dport: 'int',
  flags: 'string',
  seq: 'int',
  ack: 'int',
  length: 'int',
  win: 'int',
  ttl: 'int',
  tsval: 'int',
  tsecr: 'int',
  wscale: 'int',
  mss: 'int',
  sackPermitted: 'bool',
  payload: 'string',
} as const satisfies Record<keyof Packet, FieldType>;

export const SOCKET_FIELDS = {
  state: 'string',
  localAddress: 'string',
  localPort: 'int',
  remoteAddress: 'string',
  remotePort: 'int',
  recvQ: 'int',
  sendQ: 'int',
  inode: 'int',
  timer: 'string',
  timerLeft: 'double',
  retransmits: 'int',
  drops: 'int',
} as const satisfies Record<keyof SocketRow, FieldType>;

export const HOST_FIELDS: Fields = {
  ...Object.fromEntries(COUNTER_NAMES.map((name) => [name, 'int'])),
  sockets: 'list<Socket>',
  packets: 'list<Packet>',
  sent: 'list<Packet>',
  received: 'list<Packet>',
  sysctl: 'map<string, dyn>',
};

export class PacketView extends View<Packet> {}
export class SocketView extends View<SocketRow> {}
const nothing: Wrap = () => undefined;
defineFields(PacketView, PACKET_FIELDS, nothing);
defineFields(SocketView, SOCKET_FIELDS, nothing);

const seen = new WeakMap<readonly Packet[], PacketView[]>();

/** One view a packet, kept: a capture grows while `until` asks again and again. */
function packetViews(packets: readonly Packet[]): PacketView[] {
  let views = seen.get(packets);
  if (!views || views.length > packets.length) seen.set(packets, (views = []));
  for (let i = views.length; i < packets.length; i++) views.push(new PacketView(packets[i]!));
  // A copy: CEL must never see a list that grows under it.
  return views.slice();
}

export class HostView extends View<HostEvidence> {
  get packets(): PacketView[] {
    return packetViews(this.raw.packets);
  }
  get sent(): PacketView[] {
    return this.packets.filter((view) => view.raw.out);
  }
  get received(): PacketView[] {
    return this.packets.filter((view) => !view.raw.out);
  }
  get sockets(): SocketView[] {
    return this.raw.sockets.map((row) => new SocketView(row));
  }
  get sysctl(): unknown {
    return toCel('map<string, dyn>', this.raw.sysctl, nothing);
  }
}
for (const name of COUNTER_NAMES) {
  Object.defineProperty(HostView.prototype, name, {
    get(this: HostView) {
      return toCel('int', this.raw.counters[name], nothing);
    },
  });
}

/** A class for one outcome type, or for the moments of one scenario. */
export function viewOf(fields: Fields, wrap: Wrap): new (raw: object) => View<object> {
  const view = class extends View<object> {};
  defineFields(view, fields, wrap);
  return view;
}

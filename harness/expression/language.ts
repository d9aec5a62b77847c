import { Environment } from '@marcbachmann/cel-js';
import type { FieldValue, HostEvidence, Scope } from '../evidence/model.ts';
import type { NameTypes } from '../scenario/model.ts';
import type { FieldType } from '../scenario/step-kind.ts';
import { registerFunctions } from './functions.ts';
import { toCel, type View, type Wrap } from './values.ts';
import { HOST_FIELDS, HostView, PACKET_FIELDS, PacketView, SOCKET_FIELDS, SocketView, viewOf } from './views.ts';

/** CEL with the names of one scenario: what `check` knows, and how each name gets its value. */
export interface Language {
  readonly environment: Environment;
  /** Name to what CEL sees of it at a moment. */
  readonly roots: ReadonlyMap<string, (scope: Scope) => unknown>;
  /** Fields of every type that has some, by type name. */
  readonly fields: ReadonlyMap<string, Readonly<Record<string, FieldType>>>;
}

let base: Environment | undefined;

function baseEnvironment(): Environment {
  if (base) return base;
  base = new Environment()
    .registerType('Packet', { ctor: PacketView, fields: PACKET_FIELDS })
    .registerType('Socket', { ctor: SocketView, fields: SOCKET_FIELDS })
    .registerType('Host', { ctor: HostView, fields: HOST_FIELDS });
  registerFunctions(base);
  return base;
}

/** Words that no host, param, step or observation may be called: CEL's own, and the field that every moment has. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(
  (
    'as break const continue else false for function if import in let loop package namespace null return true var void while ' +
    'bool bytes cel double dyn int list map null_type optional prototype string type uint constructor at'
  ).split(' '),
);

function build(names: NameTypes): Language {
  const environment = baseEnvironment().clone();
  const fields = new Map<string, Readonly<Record<string, FieldType>>>([
    ['Packet', PACKET_FIELDS],
    ['Socket', SOCKET_FIELDS],
    ['Host', HOST_FIELDS],
  ]);
  const momentFields: Record<string, FieldType> = { at: 'double' };
  const classes = new Map<string, new (raw: never) => View<object>>([
    ['Packet', PacketView],
    ['Socket', SocketView],
    ['Host', HostView],
  ]);
  const wrap: Wrap = (type, value) => {
    const ctor = classes.get(type);
    return ctor && typeof value === 'object' ? Reflect.construct(ctor, [value]) : value;
  };

  const roots = new Map<string, (scope: Scope) => unknown>();
  for (const host of names.hosts) momentFields[host] = 'Host';
  for (const [name, { type, fields: own }] of Object.entries(names.outcomes)) {
    momentFields[name] = type;
    fields.set(type, { ...fields.get(type), ...own });
  }
  for (const [type, own] of fields) {
    if (classes.has(type)) continue;
    const ctor = viewOf(own, wrap);
    classes.set(type, ctor);
    environment.registerType(type, { ctor, fields: own });
  }
  const Moment = viewOf(momentFields, wrap);
  fields.set('Moment', momentFields);
  environment.registerType('Moment', { ctor: Moment, fields: momentFields });

  const register = (name: string, type: FieldType, value: (scope: Scope) => unknown) => {
    environment.registerVariable(name, type);
    roots.set(name, value);
  };
  for (const host of names.hosts) {
    register(host, 'Host', ({ hosts }) => toCel('Host', hosts[host], wrap));
  }
  for (const [name, { type }] of Object.entries(names.outcomes)) {
    register(name, type, ({ outcomes }) => toCel(type, outcomes[name], wrap));
  }
  for (const [name, type] of Object.entries(names.params)) {
    register(name, type, ({ params }) => toCel(type, params[name], wrap));
  }
  for (const name of names.observations) {
    register(name, 'Moment', ({ observations }) => {
      const moment = observations[name];
      return moment && new Moment(new FlatMoment(moment.at, moment.hosts, moment.outcomes));
    });
  }
  return { environment, roots, fields };
}

/** Hosts and outcomes of a moment behind one set of names, none read before it is asked for. */
class FlatMoment {
  constructor(
    at: number,
    hosts: Readonly<Record<string, HostEvidence>>,
    outcomes: Readonly<Record<string, Readonly<Record<string, FieldValue>>>>,
  ) {
    Object.defineProperty(this, 'at', { value: at });
    for (const from of [hosts, outcomes]) {
      for (const name of Object.keys(from)) Object.defineProperty(this, name, { get: () => from[name] });
    }
  }
}

const languages = new WeakMap<NameTypes, Language>();

export function languageOf(names: NameTypes): Language {
  let language = languages.get(names);
  if (!language) languages.set(names, (language = build(names)));
  return language;
}

import { leastRate, mostLinkLimits, weekdays } from '@xylem/core';
import { type Static, Type } from 'typebox';
import {
  Count,
  DigestText,
  EnvironmentName,
  EnvironmentPattern,
  EnvironmentRef,
  HostSelection,
  Id32,
  LabelKey,
  Labels,
  Name,
  Nullable,
  Strict,
  Time,
} from './common.ts';

/** In which step of the host it failed. */
const Step = Type.Optional(Type.String());
const Refused = Strict({ package: Type.String(), code: Type.String(), message: Type.String(), step: Step });

/** One component of a host: what it reported (`null`: nothing reported) beside what it should run (`null`: nothing). */
export const HostComponent = Strict({
  component: Name,
  product: Nullable(Type.String()),
  version: Nullable(Type.String()),
  package: Nullable(DigestText),
  state: Nullable(Type.String()),
  healthy: Nullable(Type.Boolean()),
  since: Nullable(Time),
  refused: Nullable(Refused),
  wantedVersion: Nullable(Type.String()),
  wantedPackage: Nullable(DigestText),
  configuration: Nullable(
    Type.Union([Type.Literal('assigned'), Type.Literal('other')], {
      description: 'whether it was committed with the configuration that is assigned now; null: not said',
    }),
  ),
});
export type HostComponent = Static<typeof HostComponent>;

export const hostStates = [
  'joined',
  'ok',
  'updating',
  'waiting',
  'failed',
  'silent',
  'retired',
  'revoked',
] as const;
export const Host = Strict({
  id: Id32,
  name: Type.String(),
  environment: EnvironmentRef,
  labels: Type.Record(Type.String(), Type.String()),
  serve: Type.Boolean(),
  retired: Type.Boolean(),
  revoked: Nullable(Strict({ time: Time, reason: Type.String() })),
  cloned: Nullable(
    Strict({
      time: Time,
      what: Type.String({ description: 'how it was seen that two machines have its key' }),
    }),
  ),
  replaces: Nullable(
    Type.String({ description: 'the host of the same name whose place it takes once that is silent' }),
  ),
  replacedBy: Nullable(Type.String({ description: 'the host that took its place' })),
  state: Type.Enum(hostStates, {
    description: 'joined: never reported; silent: no report for three periods',
  }),
  joined: Time,
  lastReport: Nullable(Time),
  observing: Nullable(
    Strict(
      { since: Time, by: Type.String(), orders: Type.Boolean() },
      'it changes nothing but what it adopted; orders: whether it takes those to adopt',
    ),
  ),
  agent: Nullable(Type.String()),
  parents: Type.Array(Type.String()),
  parent: Nullable(Strict({ url: Nullable(Type.String()), host: Nullable(Type.String()) })),
  directionNumber: Nullable(Count),
  components: Type.Array(HostComponent),
});
export type Host = Static<typeof Host>;
const Rate = Type.Integer({ minimum: leastRate, description: 'bytes per second' });
const ClockTime = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' });
const LinkLimit = Strict({
  down: Type.Optional(Rate),
  up: Type.Optional(Rate),
  serve: Type.Optional(Rate),
  each: Type.Optional(Rate),
  times: Type.Optional(
    Strict({
      from: ClockTime,
      to: ClockTime,
      zone: Type.String({ minLength: 1, maxLength: 100 }),
      days: Type.Optional(Type.Array(Type.Enum([...weekdays]), { minItems: 1, maxItems: weekdays.length })),
    }),
  ),
});
export const HostDetail = Strict({
  ...Host.properties,
  facts: Type.Record(Type.String(), Type.Unknown()),
  waiting: Type.Array(
    Strict({
      component: Nullable(Type.String()),
      code: Type.String(),
      message: Type.String(),
      step: Step,
      since: Time,
    }),
  ),
  adoptions: Type.Array(
    Strict({
      component: Type.String(),
      outcome: Type.String({ description: 'agreed, adopted, differs, refused or given back' }),
      at: Time,
      by: Type.String(),
      version: Nullable(Type.String()),
      code: Nullable(Type.String()),
      message: Nullable(Type.String()),
    }),
  ),
  transfer: Nullable(Strict({ bytesDown: Count, bytesUp: Count, requests: Count, refusedObjects: Count })),
  certificateExpires: Time,
  movingFrom: Nullable(Type.String({ description: 'the environment that it has not left yet' })),
  pinned: Type.Array(Strict({ component: Name, reason: Type.String(), by: Type.String(), since: Time }), {
    description: 'components that an operator has left as they are',
  }),
  parentsRule: Nullable(Type.String({ description: 'the parent rule that its parents came by' })),
  drained: Type.Boolean({ description: 'as a relay it gets no children' }),
  mostChildren: Nullable(Count),
  limits: Type.Array(LinkLimit, { description: 'what its links may carry' }),
  config: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
    description: 'by component, over the configuration of the environment',
  }),
});
export type HostDetail = Static<typeof HostDetail>;

/** Selection by query: `environment` and `host` may be given several times. `after` is the last id of the page before. */
export const HostQuery = Strict({
  environment: Type.Optional(
    Type.Union([EnvironmentPattern, Type.Array(EnvironmentPattern, { maxItems: 100 })]),
  ),
  where: Type.Optional(Type.String({ maxLength: 4096 })),
  site: Type.Optional(Name),
  retired: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,5}$' })),
  after: Type.Optional(Id32),
});
export type HostQuery = Static<typeof HostQuery>;
export const Hosts = Strict({ hosts: Type.Array(Host), total: Count });
export type Hosts = Static<typeof Hosts>;
export const HostParams = Strict({
  host: Type.String({
    minLength: 1,
    maxLength: 253,
    description: 'id, prefix of an id (4 digits up), or name',
  }),
});

/** The chain from release to switch, in order; the first link that is not `ok` is the reason. */
export const HostWhy = Strict({
  host: Strict({ id: Id32, name: Type.String() }),
  answer: Type.String({ description: 'one sentence' }),
  links: Type.Array(
    Strict({
      link: Type.String(),
      ok: Type.Boolean(),
      detail: Type.String(),
      advice: Nullable(Type.String()),
    }),
  ),
});
export type HostWhy = Static<typeof HostWhy>;

export const HostLabel = Strict({
  select: HostSelection,
  set: Type.Optional(Labels),
  remove: Type.Optional(Type.Array(LabelKey, { maxItems: 100 })),
  dryRun: Type.Optional(Type.Boolean()),
});
export const HostMove = Strict({
  select: HostSelection,
  parents: Type.Array(Type.String({ pattern: '^https?://', maxLength: 2048 }), {
    maxItems: 8,
    description: 'in order of preference; empty: as the host joined',
  }),
  dryRun: Type.Optional(Type.Boolean()),
});
/**
 * The environment of these hosts: nothing is installed again. One of another tenant makes a move request, which both have
 * to approve; `keepData` and `expiresInSeconds` belong to that.
 */
export const HostMoveEnvironment = Strict({
  select: HostSelection,
  environment: EnvironmentName,
  keepData: Type.Optional(Type.Boolean()),
  expiresInSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 90 * 24 * 3600 })),
  dryRun: Type.Optional(Type.Boolean()),
});
/** Configuration of one component on these hosts alone, under its package's schema, over that of the environment. */
export const HostConfigure = Strict({
  select: HostSelection,
  component: Name,
  set: Type.Optional(Type.Record(Type.String({ maxLength: 255 }), Type.Unknown())),
  remove: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 1000 })),
  dryRun: Type.Optional(Type.Boolean()),
});
const Components = Type.Array(Name, { minItems: 1, maxItems: 100 });
/** Components that stay as they are on these hosts, installed or not, whatever is deployed. */
export const HostPin = Strict({
  select: HostSelection,
  components: Components,
  reason: Type.String({ minLength: 1, maxLength: 1000 }),
  dryRun: Type.Optional(Type.Boolean()),
});
export const HostUnpin = Strict({
  select: HostSelection,
  components: Type.Optional(Components),
  dryRun: Type.Optional(Type.Boolean()),
});
/** The role of hosts: whether they serve others as relays. Nothing is installed again. */
export const HostServe = Strict({
  select: HostSelection,
  serve: Type.Boolean(),
  serves: Type.Optional(
    Type.Array(EnvironmentPattern, {
      maxItems: 100,
      description:
        'with `serve`: environments besides its own; * alone: all, also later ones. Absent: as before, at first none',
    }),
  ),
  children: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100_000,
      description:
        'with `serve`: the most children that hosts are moved to; absent: as before, at first 1,000',
    }),
  ),
  dryRun: Type.Optional(Type.Boolean()),
});
export const HostLimit = Strict({
  select: HostSelection,
  limits: Type.Array(LinkLimit, {
    maxItems: mostLinkLimits,
    description: 'each in place of the one with the same times; none at all: in place of all',
  }),
  dryRun: Type.Optional(Type.Boolean()),
});
/** Nobody speaks with these hosts any more; what runs on them is not touched. */
export const HostRevoke = Strict({
  select: HostSelection,
  reason: Type.String({ minLength: 1, maxLength: 1000 }),
  dryRun: Type.Optional(Type.Boolean()),
});
/** An operator has seen to it that one machine alone has the key of each of these hosts. */
export const HostClearClone = Strict({ select: HostSelection, dryRun: Type.Optional(Type.Boolean()) });
const HostWord = Type.String({ minLength: 1, maxLength: 253, description: 'id, prefix of an id, or name' });
/** `next` takes the place of `old`: labels, configuration and parents; `old` is retired. */
export const HostReplace = Strict({ old: HostWord, next: HostWord });
export const HostReplaced = Strict({ old: Id32, next: Id32, name: Type.String() });
/** Hosts that observe adopt a component, or give it back; nothing but its name is said to them. */
export const HostAdopt = Strict({
  select: HostSelection,
  component: Name,
  undo: Type.Optional(Type.Boolean()),
  dryRun: Type.Optional(Type.Boolean()),
});
/** Hosts follow direction again with a product that someone there took back. */
export const HostUndoRevert = Strict({
  select: HostSelection,
  product: Name,
  dryRun: Type.Optional(Type.Boolean()),
});
export const HostRetire = Strict({ select: HostSelection, dryRun: Type.Optional(Type.Boolean()) });
/** `count` hosts were meant, `changed` of them needed a change; `hosts` names the first 100. */
export const HostsChanged = Strict({
  count: Count,
  changed: Count,
  hosts: Type.Array(Strict({ id: Id32, name: Type.String(), environment: Type.String() })),
});
export type HostsChanged = Static<typeof HostsChanged>;

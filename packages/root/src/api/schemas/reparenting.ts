import { reparentedStates, reparentingStates } from '@xylem/core';
import { type Static, Type } from 'typebox';
import { Count, HostSelection, Id32, Nullable, Strict, Time } from './common.ts';

const ReparentingId = Type.String({ pattern: '^rp-[0-9a-f]{12}$', description: 'the id of a reparenting' });
export const ReparentingParams = Strict({ id: ReparentingId });
const HostText = Type.String({ minLength: 1, maxLength: 253, description: 'id, prefix of an id, or name' });
export const Parent = Type.String({ pattern: '^https?://', maxLength: 2048 });
const terms = {
  firstBatch: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'default 5' })),
  mostFailed: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 100_000, description: 'with more all go back; default a tenth' }),
  ),
  dryRun: Type.Optional(Type.Boolean()),
};
export const ReparentingMove = Strict({
  select: HostSelection,
  parents: Type.Array(Parent, {
    maxItems: 8,
    description: 'in order of preference; empty: those by which each host joined',
  }),
  ...terms,
});
export const RelayDrain = Strict({
  relay: HostText,
  to: Type.Optional(
    Type.Array(Parent, {
      maxItems: 100,
      description: 'spread by room; absent: its siblings, else its own parents',
    }),
  ),
  ...terms,
});
export const RelayReplace = Strict({ relay: HostText, by: HostText, ...terms });
export const RelayUndrain = Strict({ relay: HostText });

/** Counts are of the hosts that whoever asks reads. */
export const Reparenting = Strict({
  id: ReparentingId,
  kind: Type.Enum(['move', 'drain', 'replace', 'rule']),
  rule: Nullable(Type.String({ description: 'the parent rule that began it' })),
  relay: Nullable(Type.String({ description: 'the relay that is left' })),
  by: Nullable(Type.String({ description: 'the relay that takes its place' })),
  state: Type.Enum([...reparentingStates]),
  batch: Count,
  hosts: Count,
  states: Type.Record(Type.String(), Count, { description: 'hosts by their state' }),
  mostFailed: Count,
  note: Nullable(Type.String({ description: 'what it waits for, or why it went back' })),
  askedBy: Type.String(),
  asked: Time,
  ended: Nullable(Time),
});
export type Reparenting = Static<typeof Reparenting>;
export const ReparentingDetail = Strict({
  ...Reparenting.properties,
  hostList: Type.Array(
    Strict({
      id: Id32,
      name: Type.String(),
      environment: Type.String(),
      state: Type.Enum([...reparentedStates]),
      batch: Nullable(Count),
      parents: Type.Array(Type.String()),
      from: Type.Array(Type.String()),
      code: Nullable(Type.String()),
      message: Nullable(Type.String()),
    }),
    { description: 'the first 1,000' },
  ),
});
export type ReparentingDetail = Static<typeof ReparentingDetail>;
export const Reparentings = Strict({
  reparentings: Type.Array(Reparenting, { description: 'the newest 100, newest first' }),
});
/** `reparenting` null: a dry run, or nothing had to be done. */
export const ReparentingWas = Strict({
  reparenting: Nullable(Reparenting),
  hosts: Count,
  targets: Type.Array(Strict({ url: Type.String(), hosts: Count }), {
    description: 'how many get which parent first; url empty: the one by which each joined',
  }),
});
export type ReparentingWas = Static<typeof ReparentingWas>;
export const RelayDrained = Strict({ relay: Type.String(), drained: Type.Boolean() });

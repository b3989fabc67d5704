import { holdKinds } from '@xylem/core';
import { type Static, Type } from 'typebox';
import { Count, Name, Nullable, Strict, Time } from './common.ts';

const MaybeVersion = Nullable(Type.String());
const Bytes = Count;

/** What preparation found in one environment. */
export const PlanFound = Strict({
  hosts: Strict({
    changing: Count,
    staying: Count,
    /** Of those that change: not heard of for three report periods; they follow when they return. */
    silent: Count,
    pinned: Count,
    leftOut: Count,
  }),
  changes: Type.Array(Strict({ component: Name, from: MaybeVersion, to: MaybeVersion, hosts: Count })),
  bytes: Strict({
    /** Of all new files, uncompressed, on the host that takes the most. */
    installed: Bytes,
    /** Of all new packages, as they travel to a host that has nothing. */
    whole: Nullable(Bytes),
    /** To a host that has the former versions. */
    likely: Nullable(Bytes),
    how: Type.String(),
  }),
  disk: Strict({
    needed: Bytes,
    /** Hosts that reported less free than they need, the first 100. */
    short: Type.Array(Strict({ name: Type.String(), free: Bytes, needed: Bytes })),
    shortCount: Count,
    unknown: Count,
  }),
  preflight: Type.Array(
    Strict({ component: Name, demands: Type.String(), unmet: Type.Array(Type.String()), unmetCount: Count }),
  ),
  gates: Type.Array(
    Strict({ gate: Type.String(), open: Type.Boolean(), code: Nullable(Type.String()), saw: Type.String() }),
  ),
  migrations: Type.Array(
    Strict({
      database: Name,
      component: Name,
      to: Count,
      phase: Type.String(),
      undo: Type.Boolean(),
      /** It has more steps of this database before it. */
      serves: Strict({ oldest: Count, newest: Count }),
    }),
  ),
  back: Strict({ to: MaybeVersion, cannot: Type.Array(Type.String()) }),
  begins: Strict({
    /** Hosts that may begin at once; those that wait; those whom no window of the next years lets. */
    now: Count,
    later: Count,
    never: Count,
    /** When the first of those that wait may. */
    first: Nullable(Time),
    last: Nullable(Time),
  }),
  /** What holds hosts up by itself. Absent: said by an older root server. */
  holds: Type.Optional(
    Type.Array(
      Strict({
        hold: Type.Enum(holdKinds),
        /** Of the freeze; of the window that opens next; of the component with a lock. */
        name: Nullable(Type.String()),
        /** By this plan. */
        passed: Type.Boolean(),
        /** That it holds now, passed or not, and when the last of them is free of it. Null: hosts alone know, or never. */
        hosts: Nullable(Count),
        until: Nullable(Time),
      }),
    ),
  ),
  time: Strict({
    rounds: Nullable(Count),
    seconds: Nullable(Count),
    atLeastSeconds: Nullable(Count),
    atMostSeconds: Nullable(Count),
    how: Type.String(),
  }),
});
export type PlanFound = Static<typeof PlanFound>;

/** What hosts said beforehand. */
export const PlanPreflights = Strict({
  /** Hosts, each by the worst of its components. */
  counts: Strict({
    failed: Count,
    unable: Count,
    silent: Count,
    asked: Count,
    unasked: Count,
    passed: Count,
  }),
  /** What did not pass, the worst first, the first 50. `run`: by which a host's answer is shown, as that of a job. */
  words: Type.Array(
    Strict({
      name: Type.String(),
      component: Name,
      outcome: Type.Enum(['failed', 'unable', 'silent', 'asked'] as const),
      run: Type.String(),
      code: Nullable(Type.String()),
      note: Nullable(Type.String()),
    }),
  ),
  more: Count,
});
export type PlanPreflights = Static<typeof PlanPreflights>;

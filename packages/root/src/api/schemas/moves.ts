import { type Static, Type } from 'typebox';
import { Count, Id32, Nullable, Strict, Time } from './common.ts';
import { HostsChanged } from './hosts.ts';

const MoveSide = Type.Enum(['gives', 'takes'], {
  description: 'the tenant whose hosts they are, or the other',
});
const MoveState = Type.Enum(['open', 'approved', 'done', 'refused', 'cancelled', 'expired'], {
  description: 'approved: by both, and hosts are under way; done: none is under way any more',
});
const Word = Strict({
  time: Time,
  by: Nullable(Type.String({ description: 'who; null: somebody of the other side' })),
});

/** Hosts that are to go to another tenant, as one side (or who has both) may see it. */
export const Move = Strict({
  id: Type.String(),
  state: MoveState,
  sides: Type.Array(MoveSide, { description: 'yours' }),
  from: Type.String({ description: 'the environment; for the taking side the tenant' }),
  to: Type.String({ description: 'the environment, as it was asked for' }),
  hosts: Count,
  keepData: Type.Boolean(),
  asked: Word,
  expires: Time,
  gives: Nullable(Word),
  takes: Nullable(Word),
  ended: Nullable(Time),
  endedBy: Nullable(MoveSide),
  reason: Nullable(Type.String()),
  note: Nullable(Type.String({ description: 'why approving did not move them: an approval is void' })),
});
export type Move = Static<typeof Move>;
export const Moves = Strict({ moves: Type.Array(Move) });
export const MoveDetail = Strict({
  ...Move.properties,
  hostList: Type.Array(
    Strict({
      id: Id32,
      state: Type.Enum(['waits', 'leaving', 'gone']),
      was: Nullable(
        Strict({
          name: Nullable(Type.String()),
          labels: Type.Record(Type.String(), Type.String()),
          left: Nullable(Time),
          came: Nullable(Time),
          lastReport: Nullable(Time),
          report: Nullable(Type.Record(Type.String(), Type.Unknown())),
        }),
      ),
    }),
    { description: '`was`: what it was before, for the giving side alone' },
  ),
});
export type MoveDetail = Static<typeof MoveDetail>;
export const MoveParams = Strict({ id: Type.String({ minLength: 1, maxLength: 40 }) });
export const MoveApprove = Strict({
  side: Type.Optional(MoveSide),
  parents: Type.Optional(
    Type.Array(Type.String({ pattern: '^https?://', maxLength: 2048 }), {
      maxItems: 8,
      description: 'by the taking side: whom the hosts ask from then on, besides those that they have',
    }),
  ),
});
export const MoveRefuse = Strict({
  side: Type.Optional(MoveSide),
  reason: Type.String({ minLength: 1, maxLength: 1000, description: 'a reason, for both sides' }),
});
/** `asks`: they are of another tenant; `request`: what was asked, null for a dry run. */
export const HostsMoved = Strict({
  ...HostsChanged.properties,
  asks: Type.Boolean(),
  request: Nullable(Move),
});
export type HostsMoved = Static<typeof HostsMoved>;

import { type Static, Type } from 'typebox';
import { Count, Nullable, Strict, Time } from './common.ts';

const label = Type.String({ minLength: 1, maxLength: 127 });

/** `by`: a label, by whose values they are counted; default `site`. */
export const LaggardQuery = Strict({ by: Type.Optional(label) });

const value = Nullable(Type.String({ description: 'of the label; null: it has none' }));
const LaggardReason = Type.String({
  description:
    'a code (what the host said, or what keeps it out), or: turn (has not come), under way, waypoint (on its way through other releases), unhealthy, silent (since it was admitted), unseen, pinned, skipped',
});
const behindHost = {
  id: Type.String(),
  name: Type.String(),
  reason: LaggardReason,
  message: Nullable(Type.String({ description: 'in words of the host, or of what keeps it' })),
  lastSeen: Nullable(Time),
};

/** Hosts that are not where a deployment wants them. */
export const Laggards = Strict({
  by: label,
  total: Count,
  counts: Type.Array(Strict({ value, reason: LaggardReason, hosts: Count })),
  /** The first thousand, by value, reason and name. */
  hosts: Type.Array(Strict({ ...behindHost, value })),
});
export type Laggards = Static<typeof Laggards>;

const behindCounts = {
  total: Count,
  counts: Type.Array(
    Strict({
      reason: LaggardReason,
      hosts: Count,
      advice: Type.String({ description: 'what to do about it' }),
    }),
  ),
};
/**
 * Hosts that are not where a deployment wants them and neither wait for their turn nor are at it. Those beyond the first
 * twenty are counted.
 */
export const Behind = Strict({ ...behindCounts, hosts: Type.Array(Strict(behindHost)) });
/** Of all deployments of a plan. */
export const PlanBehind = Strict({
  ...behindCounts,
  hosts: Type.Array(Strict({ ...behindHost, deployment: Type.String(), environment: Type.String() })),
});
export type PlanBehind = Static<typeof PlanBehind>;

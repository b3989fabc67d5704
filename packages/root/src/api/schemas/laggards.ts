import { type Static, Type } from 'typebox';
import { Count, Nullable, Strict, Time } from './common.ts';

const label = Type.String({ minLength: 1, maxLength: 127 });

/** `by`: a label, by whose values they are counted; default `site`. */
export const LaggardQuery = Strict({ by: Type.Optional(label) });

const value = Nullable(Type.String({ description: 'of the label; null: it has none' }));
const reason = Type.String({
  description:
    'the code that the host said, or: turn (has not come), under way, unhealthy, silent (since it was admitted), unseen',
});

/** Hosts that have not come to what a deployment brings. */
export const Laggards = Strict({
  by: label,
  total: Count,
  counts: Type.Array(Strict({ value, reason, hosts: Count })),
  /** The first thousand, by value, reason and name. */
  hosts: Type.Array(
    Strict({
      id: Type.String(),
      name: Type.String(),
      value,
      reason,
      message: Nullable(Type.String({ description: 'in words of the host' })),
      lastSeen: Nullable(Time),
    }),
  ),
});
export type Laggards = Static<typeof Laggards>;

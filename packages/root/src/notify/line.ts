import { type AttemptOutcome, afterAttempt, holdingAttempts } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import { forgetStakeholders } from './stakeholders.ts';

export type DeliveryRow = Selectable<Tables['deliveries']>;
export type NotificationRow = Selectable<Tables['notifications']>;

/** Subscriptions of which something waits whose time has come. */
export async function dueSubscriptions(db: Database, nowMs: number): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('subscription')
    .distinct()
    .where('state', '=', 'pending')
    .where('next_ms', '<=', nowMs)
    .execute();
  return rows.map(({ subscription }) => subscription);
}

/**
 * What a subscription is sent next: the first in its line, unless that failed and waits; those that failed often stand
 * beside the line. Null: nothing yet.
 */
export async function nextOf(db: Database, subscription: string, nowMs: number): Promise<DeliveryRow | null> {
  const pending = db
    .selectFrom('deliveries')
    .selectAll()
    .where('subscription', '=', subscription)
    .where('state', '=', 'pending');
  const first = await pending
    .where('attempts', '<', holdingAttempts)
    .orderBy('notification')
    .limit(1)
    .executeTakeFirst();
  if (first !== undefined && first.next_ms <= nowMs) return first;
  const aside = await pending
    .where('attempts', '>=', holdingAttempts)
    .where('next_ms', '<=', nowMs)
    .orderBy('next_ms')
    .limit(1)
    .executeTakeFirst();
  return aside ?? null;
}

/** Writes down what became of an attempt; a subscription that is gone says why. */
export async function noteAttempt(
  db: Database,
  delivery: DeliveryRow,
  { outcome, said }: { readonly outcome: AttemptOutcome; readonly said: string },
  nowMs: number,
  fraction: number,
): Promise<void> {
  const { attempts, queued_ms: queuedMs } = delivery;
  const after = afterAttempt({ attempts, queuedMs }, outcome, nowMs, fraction);
  const values = {
    state: after.state,
    attempts: attempts + 1,
    last_ms: nowMs,
    outcome: said,
    ...(after.state === 'pending' ? { next_ms: after.nextMs } : {}),
  };
  await db.transaction().execute(async (trx) => {
    // Replayed meanwhile: that counts anew, and nothing of this attempt but that it is over.
    await trx
      .updateTable('deliveries')
      .set(values)
      .where('id', '=', delivery.id)
      .where('queued_ms', '=', queuedMs)
      .execute();
    if (outcome.kind !== 'gone') return;
    await disableSubscription(trx, delivery.subscription, said, nowMs);
  });
}

async function disableSubscription(trx: Database, id: string, reason: string, nowMs: number): Promise<void> {
  await trx
    .updateTable('subscriptions')
    .set({ disabled_ms: nowMs, disabled_reason: reason })
    .where('id', '=', id)
    .execute();
  await buryPending(trx, id);
}

/** Of a disabled subscription. */
export async function buryPending(db: Database, subscription: string): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ state: 'dead', outcome: 'the subscription is disabled' })
    .where('subscription', '=', subscription)
    .where('state', '=', 'pending')
    .execute();
}

const keptMs = { delivered: 7 * 24 * 3600_000, dead: 30 * 24 * 3600_000 } as const;

/** Forgets deliveries that nobody will ask for, and what they told of. */
export async function forgetOld(db: Database, nowMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const [state, ms] of Object.entries(keptMs)) {
      await trx
        .deleteFrom('deliveries')
        .where('state', '=', state)
        .where('last_ms', '<', nowMs - ms)
        .execute();
    }
    await forgetStakeholders(trx, nowMs);
    const told = trx.selectFrom('deliveries').select('notification');
    await trx
      .deleteFrom('notifications')
      .where('sequence', 'not in', told)
      .where('time_ms', '<', nowMs - keptMs.delivered)
      .execute();
  });
}

import type { Clock, Log, Randomness } from '@xylem/platform';
import type { RestoredState } from '../backup/restored-state.ts';
import type { Database } from '../db/tables.ts';
import { type Attempt, type Attempted, attemptWebhook } from './attempt.ts';
import { buryPending, type DeliveryRow, dueSubscriptions, nextOf, noteAttempt } from './line.ts';
import { attemptMail } from './mail.ts';
import { type Subscription, subscriptionOf, tenantOfScope } from './subscriptions.ts';

export interface DeliveryOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly restored: Pick<RestoredState, 'isRestored'>;
  readonly signal: AbortSignal;
}

const lookEveryMs = 1000;
const faultPauseMs = 30_000;
const mostAtOnce = 32;
/** Of one tenant: whose receivers hang must not take the places of others. */
const mostOfTenant = 8;

/**
 * Sends what waits until the signal: one delivery of a subscription at a time, subscriptions in turn. It keeps nothing
 * in memory but who is being sent to: what is not noted when it is killed is sent again, with the same id.
 */
export async function runDelivery(options: DeliveryOptions): Promise<void> {
  const { db, clock, log, restored, signal } = options;
  const busy = new Map<string, { readonly tenant: string; readonly done: Promise<void> }>();
  const turns = new Map<string, number>();
  let turn = 0;
  let freed = new AbortController();
  signal.addEventListener('abort', () => freed.abort(), { once: true });

  const start = (subscription: Subscription, work: Promise<void>): void => {
    const { id, scope } = subscription;
    turn += 1;
    turns.set(id, turn);
    const done = work
      .catch(async (error: unknown) => {
        if (signal.aborted) return;
        log.error('a notification could not be sent', { subscription: id, error });
        // Nothing was noted, as on a full disk: without a pause the receiver would be sent the same without end.
        await clock.sleep(faultPauseMs, signal).catch(() => undefined);
      })
      .finally(() => {
        busy.delete(id);
        freed.abort();
      });
    busy.set(id, { tenant: tenantOfScope(scope), done });
  };

  while (!signal.aborted) {
    if (freed.signal.aborted) freed = new AbortController();
    if (!restored.isRestored()) {
      await startDue().catch((error: unknown) => log.error('what waits to be sent is not known', { error }));
    }
    // What was freed since is looked at by the next round at once.
    await clock.sleep(lookEveryMs, freed.signal).catch(() => undefined);
  }
  await Promise.all([...busy.values()].map(({ done }) => done));

  async function startDue(): Promise<void> {
    if (busy.size >= mostAtOnce) return;
    const due = await dueSubscriptions(db, clock.now());
    const waiting = due.filter((id) => !busy.has(id));
    waiting.sort((a, b) => (turns.get(a) ?? 0) - (turns.get(b) ?? 0));
    for (const id of waiting) {
      if (busy.size >= mostAtOnce || signal.aborted) return;
      const row = await db.selectFrom('subscriptions').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined) {
        turns.delete(id);
        await db.deleteFrom('deliveries').where('subscription', '=', id).execute();
        continue;
      }
      const subscription = subscriptionOf(row);
      // What was written down while it was disabled.
      if (subscription.disabled !== null) {
        await buryPending(db, id);
        continue;
      }
      const tenant = tenantOfScope(subscription.scope);
      const ofTenant = [...busy.values()].filter((one) => one.tenant === tenant).length;
      if (ofTenant >= mostOfTenant) continue;
      const delivery = await nextOf(db, id, clock.now());
      if (delivery === null) continue;
      start(subscription, deliver(subscription, delivery));
    }
  }

  async function deliver(subscription: Subscription, delivery: DeliveryRow): Promise<void> {
    const notification = await db
      .selectFrom('notifications')
      .selectAll()
      .where('sequence', '=', delivery.notification)
      .executeTakeFirstOrThrow();
    const nowMs = clock.now();
    const attempted = await send({ id: delivery.id, subscription, notification, nowMs, signal });
    // Cut off by the end of the process: that is no word about the receiver.
    if (signal.aborted && attempted.outcome.kind === 'failed') return;
    await noteAttempt(db, delivery, attempted, clock.now(), options.randomness.fraction());
  }

  async function send(attempt: Attempt): Promise<Attempted> {
    return attempt.subscription.kind === 'mail'
      ? await attemptMail(db, attempt)
      : await attemptWebhook(attempt);
  }
}

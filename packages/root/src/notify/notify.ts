import { createHash } from 'node:crypto';
import { limits } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { allSubscriptions, stakeholdersOf, subscribersTo } from './subscriptions.ts';

export interface NewNotification {
  readonly topic: string;
  /** Id of the environment that it happened in; null: in none, or in several. */
  readonly environment: string | null;
  /** Where there is no environment; null: of the whole installation. */
  readonly tenant?: string | null;
  /** `deployment/<id>` */
  readonly subject: string;
  /** One sentence for people. */
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Whose stakeholders are told too; null or absent: of no plan. */
  readonly plan?: string | null;
}

const mostMessage = 4096;

/**
 * Tells everybody who wants to know; call it in the transaction of what it tells of, so that neither is without the
 * other. It only writes down: what is written is sent by `runDelivery`, also after a crash.
 */
export async function notify(trx: Database, nowMs: number, told: NewNotification): Promise<void> {
  const place = await placeOf(trx, told);
  const subscribers = subscribersTo(await allSubscriptions(trx), { topic: told.topic, ...place });
  const stakeholders =
    told.plan === undefined || told.plan === null ? [] : await stakeholdersOf(trx, told.plan, told.topic);
  await queue(
    trx,
    nowMs,
    { ...told, ...place },
    [...subscribers, ...stakeholders].map(({ id }) => id),
  );
}

/** Where something happened; `environment` is a full name. */
type Place = { readonly tenant: string | null; readonly environment: string | null };

/** `notify` of one thing in several places. */
export async function notifyIn(
  trx: Database,
  nowMs: number,
  told: Omit<NewNotification, 'environment' | 'tenant' | 'plan'>,
  places: readonly Place[],
): Promise<void> {
  const all = await allSubscriptions(trx);
  for (const place of places) {
    const subscribers = subscribersTo(all, { topic: told.topic, ...place });
    await queue(
      trx,
      nowMs,
      { ...told, ...place },
      subscribers.map(({ id }) => id),
    );
  }
}

/** For these subscriptions alone, whatever they want. */
export async function queue(
  trx: Database,
  nowMs: number,
  told: Omit<NewNotification, 'environment' | 'tenant' | 'plan'> & Place,
  subscriptions: readonly string[],
): Promise<string[]> {
  if (subscriptions.length === 0) return [];
  const { topic, tenant, environment, subject, data } = told;
  const details = JSON.stringify(data);
  const isTooLarge = Buffer.byteLength(details) > limits.notificationDetails;
  const { sequence } = await trx
    .insertInto('notifications')
    .values({
      topic,
      tenant,
      environment,
      subject,
      message: told.message.slice(0, mostMessage),
      details: isTooLarge ? '{"truncated":true}' : details,
      time_ms: nowMs,
    })
    .returning('sequence')
    .executeTakeFirstOrThrow();
  const made = subscriptions.map((subscription) => ({
    id: deliveryId(sequence, nowMs, subject, subscription),
    notification: sequence,
    subscription,
    state: 'pending',
    attempts: 0,
    queued_ms: nowMs,
    next_ms: nowMs,
  }));
  await trx.insertInto('deliveries').values(made).execute();
  return made.map(({ id }) => id);
}

/**
 * The same whenever it is computed. The time is in it because a restored root server counts on from the backup's
 * sequence: a receiver must not take what it tells then for what it had.
 */
function deliveryId(sequence: number, timeMs: number, subject: string, subscription: string): string {
  const named = JSON.stringify([sequence, timeMs, subject, subscription]);
  return `msg_${createHash('sha256').update(named).digest('hex').slice(0, 24)}`;
}

async function placeOf(
  db: Database,
  { environment, tenant = null }: Pick<NewNotification, 'environment' | 'tenant'>,
): Promise<Place> {
  if (environment === null) return { tenant, environment: null };
  const row = await db
    .selectFrom('environments')
    .select(['tenant', 'environment'])
    .where('id', '=', environment)
    .executeTakeFirstOrThrow();
  return { tenant: row.tenant, environment: fullName(row) };
}

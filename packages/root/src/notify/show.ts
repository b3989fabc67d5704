import { timeOf, XylemError } from '@xylem/core';
import type { Delivery, Subscription as Shown } from '../api/schemas/index.ts';
import type { Access } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allSubscriptions, holdsIn, type Subscription } from './subscriptions.ts';

const mostListed = 200;

/** The subscriptions of the scopes that somebody operates, with how much waits or is dead. */
export async function shownSubscriptions(
  db: Database,
  access: Access,
  nowMs: number,
  id?: string,
): Promise<Shown[]> {
  const own = (await allSubscriptions(db)).filter(
    (one) => holdsIn(access, 'operate', one.scope) && (id === undefined || one.id === id),
  );
  const counts = await db
    .selectFrom('deliveries')
    .select((e) => ['subscription', 'state', e.fn.countAll<number | string>().as('count')])
    .where('state', 'in', ['pending', 'dead'])
    .groupBy(['subscription', 'state'])
    .execute();
  const countOf = (subscription: string, state: string): number =>
    Number(counts.find((row) => row.subscription === subscription && row.state === state)?.count ?? 0);
  return own.map((one) => ({
    id: one.id,
    kind: one.kind,
    target: one.target,
    topics: [...one.topics],
    scope: one.scope,
    plan: one.plan,
    format: one.format,
    anywhere: one.anywhere,
    createdBy: one.createdBy,
    created: timeOf(one.createdMs),
    oldSecretUntil: oldSecretUntil(one, nowMs),
    disabled: one.disabled === null ? null : { time: timeOf(one.disabled.atMs), reason: one.disabled.reason },
    pending: countOf(one.id, 'pending'),
    dead: countOf(one.id, 'dead'),
  }));
}

function oldSecretUntil({ secrets }: Subscription, nowMs: number): string | null {
  const untilMs = secrets[1]?.untilMs ?? 0;
  return untilMs > nowMs ? timeOf(untilMs) : null;
}

/** The newest 200 that fit, of subscriptions that somebody operates. */
export async function shownDeliveries(
  db: Database,
  access: Access,
  filter: { readonly id?: string; readonly subscription?: string; readonly state?: Delivery['state'] },
): Promise<Delivery[]> {
  const own = (await allSubscriptions(db)).filter(({ scope }) => holdsIn(access, 'operate', scope));
  const targets = new Map(own.map(({ id, target }) => [id, target]));
  if (targets.size === 0) return [];
  let query = db
    .selectFrom('deliveries as d')
    .innerJoin('notifications as n', 'n.sequence', 'd.notification')
    .selectAll()
    .where('d.subscription', 'in', [...targets.keys()])
    .orderBy('d.notification', 'desc')
    .orderBy('d.subscription')
    .limit(mostListed);
  if (filter.id !== undefined) query = query.where('d.id', '=', filter.id);
  if (filter.subscription !== undefined) query = query.where('d.subscription', '=', filter.subscription);
  if (filter.state !== undefined) query = query.where('d.state', '=', filter.state);
  return (await query.execute()).map((row) => ({
    id: row.id,
    subscription: row.subscription,
    target: targets.get(row.subscription) ?? '',
    topic: row.topic,
    environment: row.environment,
    subject: row.subject,
    message: row.message,
    happened: timeOf(row.time_ms),
    state: row.state as Delivery['state'],
    attempts: row.attempts,
    next: row.state === 'pending' ? timeOf(row.next_ms) : null,
    last: row.last_ms === null ? null : timeOf(row.last_ms),
    outcome: row.outcome,
  }));
}

/** @throws XylemError E_NOT_FOUND, the same for what is another's */
export async function shownDelivery(db: Database, access: Access, id: string): Promise<Delivery> {
  const [delivery] = await shownDeliveries(db, access, { id });
  if (delivery !== undefined) return delivery;
  throw new XylemError(
    'E_NOT_FOUND',
    `There is no delivery ${id}. \`xylem webhook deliveries\` shows yours.`,
  );
}

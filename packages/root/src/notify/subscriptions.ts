import { topicFits, wantsNotification, XylemError } from '@xylem/core';
import type { Insertable, Selectable } from 'kysely';
import type { Access } from '../auth/access.ts';
import type { Permission } from '../auth/grants.ts';
import { scopeOf } from '../auth/grants.ts';
import type { Database, Tables } from '../db/tables.ts';

/** Who wants to be told of what, and where. */
export interface Subscription {
  readonly id: string;
  readonly kind: 'webhook' | 'mail';
  readonly target: string;
  readonly topics: readonly string[];
  /** `*`, a tenant, or an environment by its full name. */
  readonly scope: string;
  readonly format: 'standard' | 'alertmanager';
  /** All that sign now, the newest first; none for mail. */
  readonly secrets: readonly { readonly secret: string; readonly untilMs: number | null }[];
  /** It may go to addresses inside, too. */
  readonly anywhere: boolean;
  readonly createdBy: string;
  readonly createdMs: number;
  /** Of a plan's stakeholder: it is told of that plan alone, whatever its scope. */
  readonly plan: string | null;
  readonly disabled: { readonly atMs: number; readonly reason: string } | null;
}

/** Of one tenant, and of those at `*`. */
const mostSubscriptions = 100;

export function subscriptionOf(row: Selectable<Tables['subscriptions']>): Subscription {
  const old = row.old_secret === null ? [] : [{ secret: row.old_secret, untilMs: row.old_until_ms ?? 0 }];
  return {
    id: row.id,
    kind: row.kind as Subscription['kind'],
    target: row.target,
    topics: JSON.parse(row.topics) as string[],
    scope: row.scope,
    format: row.format as Subscription['format'],
    secrets: row.secret === null ? [] : [{ secret: row.secret, untilMs: null }, ...old],
    anywhere: row.anywhere === 1,
    createdBy: row.created_by,
    createdMs: row.created_ms,
    plan: row.plan,
    disabled: row.disabled_ms === null ? null : { atMs: row.disabled_ms, reason: row.disabled_reason ?? '' },
  };
}

export async function allSubscriptions(db: Database): Promise<Subscription[]> {
  return (await db.selectFrom('subscriptions').selectAll().orderBy('created_ms').orderBy('id').execute()).map(
    subscriptionOf,
  );
}

/** Those of `all` that are told of something. */
export const subscribersTo = (
  all: readonly Subscription[],
  happened: Parameters<typeof wantsNotification>[1],
): Subscription[] =>
  all.filter(
    (subscription) =>
      subscription.disabled === null &&
      subscription.plan === null &&
      wantsNotification(subscription, happened),
  );

/** The stakeholders of a plan who are told of something. */
export async function stakeholdersOf(db: Database, plan: string, topic: string): Promise<Subscription[]> {
  const rows = await db.selectFrom('subscriptions').selectAll().where('plan', '=', plan).execute();
  return rows
    .map(subscriptionOf)
    .filter(({ disabled, topics }) => disabled === null && topics.some((one) => topicFits(one, topic)));
}

/** Whether somebody has a permission in all of a scope. */
export function holdsIn(access: Access, permission: Permission, text: string): boolean {
  const scope = scopeOf(text);
  if (scope.kind === 'tenant') return access.inTenant(permission, scope.tenant);
  return scope.kind === 'environment' ? access.in(permission, scope) : access.everywhere(permission);
}

/** Of who may operate its scope. @throws XylemError E_NOT_FOUND, the same for what is another's */
export async function subscriptionFor(db: Database, id: string, access: Access): Promise<Subscription> {
  const row = await db.selectFrom('subscriptions').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined && holdsIn(access, 'operate', row.scope)) return subscriptionOf(row);
  throw new XylemError(
    'E_NOT_FOUND',
    `There is no subscription ${id}. \`xylem webhook list\` and \`xylem mail list\` show yours.`,
  );
}

/** @throws XylemError E_CONFLICT when there are as many as there may be */
export async function addSubscription(
  trx: Database,
  row: Insertable<Tables['subscriptions']>,
): Promise<void> {
  const tenant = tenantOfScope(row.scope);
  const alike = (await allSubscriptions(trx)).filter(
    ({ scope, plan }) => plan === null && tenantOfScope(scope) === tenant,
  );
  if (alike.length >= mostSubscriptions) {
    throw new XylemError(
      'E_CONFLICT',
      `There are ${alike.length} subscriptions ${tenant === '*' ? 'of the whole installation' : `in ${tenant}`}, as many as there may be. Remove one that nobody needs.`,
    );
  }
  await trx.insertInto('subscriptions').values(row).execute();
}

/** Its deliveries go with it. */
export async function removeSubscription(trx: Database, id: string): Promise<void> {
  await trx.deleteFrom('deliveries').where('subscription', '=', id).execute();
  await trx.deleteFrom('subscriptions').where('id', '=', id).execute();
}

/** `*` for those of the whole installation. */
export const tenantOfScope = (scope: string): string => scope.split('/')[0] ?? scope;

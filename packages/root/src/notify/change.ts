import { isAlertTopic, timeOf, XylemError } from '@xylem/core';
import { namesInnerAddress } from '@xylem/platform';
import { appendAudit } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import { scopeOf } from '../auth/grants.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, fullName } from '../environments/names.ts';
import { isWebhookUrl } from '../outgoing/post.ts';
import type { Root } from '../root.ts';
import { queue } from './notify.ts';
import { newSecret } from './sign.ts';
import {
  addSubscription,
  holdsIn,
  removeSubscription,
  type Subscription,
  subscriptionFor,
} from './subscriptions.ts';

type Parts = Pick<Root, 'db' | 'clock' | 'randomness'>;

export interface NewSubscription {
  readonly kind: Subscription['kind'];
  readonly target: string;
  readonly topics: readonly string[];
  readonly scope: string;
  readonly format: Subscription['format'];
}

/** @throws XylemError E_FORBIDDEN, E_NOT_FOUND (nothing lies in the scope), E_INPUT, E_CONFLICT (too many) */
export async function createSubscription(
  { db, clock, randomness }: Parts,
  who: Who,
  wanted: NewSubscription,
): Promise<{ readonly id: string; readonly secret: string | null }> {
  const { kind, target, topics, scope, format } = wanted;
  if (scopeOf(scope).kind === 'product')
    throw new XylemError('E_INPUT', 'A subscription is for a tenant, an environment or everything.');
  if (!holdsIn(who.access, 'operate', scope)) {
    const where = scope === '*' ? 'the whole installation' : scope;
    throw new XylemError('E_FORBIDDEN', `${who.name} may not operate ${where}, which this would tell of.`);
  }
  const anywhere = who.access.everywhere('operate');
  if (kind === 'webhook') checkUrl(target, anywhere);
  if (format === 'alertmanager' && !topics.every(isAlertTopic)) {
    throw new XylemError(
      'E_INPUT',
      "Alertmanager's form tells what begins and ends: of incidents alone. Write --topics 'incident.*'.",
    );
  }
  const nowMs = clock.now();
  const id = `n-${randomness.bytes(6).toString('hex')}`;
  const secret = kind === 'webhook' ? newSecret(randomness) : null;
  await db.transaction().execute(async (trx) => {
    // Two at once must not both find the last place free.
    await lockFor(trx, 'subscriptions');
    await requireScope(trx, scope);
    await addSubscription(trx, {
      id,
      kind,
      target,
      topics: JSON.stringify(topics),
      scope,
      format,
      secret,
      old_secret: null,
      old_until_ms: null,
      anywhere: anywhere ? 1 : 0,
      created_by: who.name,
      created_ms: nowMs,
      disabled_ms: null,
      disabled_reason: null,
      plan: null,
    });
    await audit(trx, nowMs, who, { id, scope }, 'create', { after: { kind, target, topics, scope, format } });
  });
  return { id, secret };
}

function checkUrl(url: string, anywhere: boolean): void {
  if (!isWebhookUrl(url))
    throw new XylemError(
      'E_INPUT',
      'Write the address as https://host/path, without a name, password or fragment.',
    );
  if (anywhere || !namesInnerAddress(url)) return;
  throw new XylemError(
    'E_INPUT',
    `${new URL(url).host} lies in a network inside. Who operates the whole installation may subscribe it for you.`,
  );
}

/** Names that nobody knows would be told nothing, without a word. */
async function requireScope(db: Database, scope: string): Promise<void> {
  if (scope === '*') return;
  const rows = await allEnvironments(db);
  if (rows.some((row) => row.tenant === scope || fullName(row) === scope)) return;
  throw new XylemError('E_NOT_FOUND', `There is no environment in ${scope}. \`xylem env list\` shows yours.`);
}

/** @returns the new secret; the old one signs, too, for `keepMs`. @throws XylemError E_NOT_FOUND, E_INPUT */
export async function rotateSecret(
  { db, clock, randomness }: Parts,
  who: Who,
  id: string,
  keepMs: number,
): Promise<string> {
  const nowMs = clock.now();
  const secret = newSecret(randomness);
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, 'subscriptions');
    const subscription = await subscriptionFor(trx, id, who.access);
    const [present] = subscription.secrets;
    if (present === undefined) throw new XylemError('E_INPUT', 'Mail has no secret to rotate.');
    const untilMs = nowMs + keepMs;
    const values = { secret, old_secret: present.secret, old_until_ms: untilMs };
    await trx.updateTable('subscriptions').set(values).where('id', '=', id).execute();
    await audit(trx, nowMs, who, subscription, 'rotate', { after: { oldSecretUntil: timeOf(untilMs) } });
  });
  return secret;
}

/** @throws XylemError E_NOT_FOUND */
export async function enableSubscription({ db, clock }: Parts, who: Who, id: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const subscription = await subscriptionFor(trx, id, who.access);
    const values = { disabled_ms: null, disabled_reason: null };
    await trx.updateTable('subscriptions').set(values).where('id', '=', id).execute();
    await audit(trx, clock.now(), who, subscription, 'enable', {
      before: { disabled: subscription.disabled },
    });
  });
}

/** @throws XylemError E_NOT_FOUND */
export async function dropSubscription({ db, clock }: Parts, who: Who, id: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const subscription = await subscriptionFor(trx, id, who.access);
    await removeSubscription(trx, id);
    const { kind, target, topics, scope } = subscription;
    await audit(trx, clock.now(), who, subscription, 'remove', { before: { kind, target, topics, scope } });
  });
}

/** @returns the delivery's id. @throws XylemError E_NOT_FOUND, E_CONFLICT (disabled) */
export async function testSubscription({ db, clock }: Parts, who: Who, id: string): Promise<string> {
  const nowMs = clock.now();
  return await db.transaction().execute(async (trx) => {
    const subscription = await subscriptionFor(trx, id, who.access);
    requireEnabled(subscription);
    const scope = scopeOf(subscription.scope);
    const [delivery = ''] = await queue(
      trx,
      nowMs,
      {
        topic: 'test',
        tenant: 'tenant' in scope ? scope.tenant : null,
        environment: scope.kind === 'environment' ? subscription.scope : null,
        subject: `subscription/${id}`,
        message: `${who.name} asked for this test.`,
        data: {},
      },
      [id],
    );
    await audit(trx, nowMs, who, subscription, 'test', { after: { delivery } });
    return delivery;
  });
}

/** Sends one again, or all dead ones of these subscriptions. @returns how many */
export async function replay(
  { db, clock }: Parts,
  who: Who,
  subscription: Subscription,
  delivery?: string,
): Promise<number> {
  requireEnabled(subscription);
  const nowMs = clock.now();
  return await db.transaction().execute(async (trx) => {
    const values = { state: 'pending', attempts: 0, queued_ms: nowMs, next_ms: nowMs };
    const line = trx.updateTable('deliveries').set(values).where('subscription', '=', subscription.id);
    const chosen =
      delivery === undefined ? line.where('state', '=', 'dead') : line.where('id', '=', delivery);
    const { numUpdatedRows } = await chosen.executeTakeFirstOrThrow();
    const count = Number(numUpdatedRows);
    if (count > 0) {
      await audit(trx, nowMs, who, subscription, 'replay', {
        after: { delivery: delivery ?? 'all dead', count },
      });
    }
    return count;
  });
}

function requireEnabled({ id, disabled }: Subscription): void {
  if (disabled === null) return;
  throw new XylemError(
    'E_CONFLICT',
    `The subscription ${id} is disabled: ${disabled.reason} Enable it by \`xylem webhook enable ${id}\`.`,
  );
}

async function audit(
  trx: Database,
  nowMs: number,
  who: Who,
  { id, scope }: Pick<Subscription, 'id' | 'scope'>,
  what: string,
  change: { readonly before?: unknown; readonly after?: unknown },
): Promise<void> {
  const environment = (await allEnvironments(trx)).find((row) => fullName(row) === scope)?.id;
  await appendAudit(trx, nowMs, {
    who: who.name,
    what: `subscription.${what}`,
    subject: `subscription/${id}`,
    ...(environment === undefined ? {} : { environment }),
    ...change,
  });
}

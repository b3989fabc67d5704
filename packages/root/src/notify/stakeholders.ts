import { type PlanNotify, planTopics } from '@xylem/core';
import type { Randomness } from '@xylem/platform';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';

/** From now on those whom a plan names are told of it, as the plan's transaction says. */
export async function subscribeStakeholders(
  trx: Database,
  randomness: Randomness,
  { plan, by, mail, topics = planTopics }: PlanNotify & { readonly plan: string; readonly by: string },
  environments: readonly EnvironmentRow[],
  nowMs: number,
): Promise<void> {
  const rows = [...new Set(mail)].map((target) => ({
    id: `n-${randomness.bytes(6).toString('hex')}`,
    kind: 'mail',
    target,
    topics: JSON.stringify(topics),
    scope: scopeAround(environments),
    format: 'standard',
    secret: null,
    old_secret: null,
    old_until_ms: null,
    anywhere: 0,
    created_by: by,
    created_ms: nowMs,
    disabled_ms: null,
    disabled_reason: null,
    plan,
  }));
  await trx.insertInto('subscriptions').values(rows).execute();
}

/** The narrowest that holds all of them: who operates it sees who is told. */
function scopeAround(environments: readonly EnvironmentRow[]): string {
  const [first] = environments;
  if (first === undefined || environments.some(({ tenant }) => tenant !== first.tenant)) return '*';
  return environments.length === 1 ? fullName(first) : first.tenant;
}

/** Plans that ended are told of no more: also a way back is over by then. */
const keptMs = 30 * 24 * 3600_000;

/** Forgets the stakeholders of plans that ended long ago, with what was sent to them. */
export async function forgetStakeholders(trx: Database, nowMs: number): Promise<void> {
  const over = trx
    .selectFrom('subscriptions as s')
    .innerJoin('plans as p', 'p.id', 's.plan')
    .select('s.id')
    .where('p.state', 'in', ['stopped', 'finished'])
    .where('p.updated_ms', '<', nowMs - keptMs);
  const ids = (await over.execute()).map(({ id }) => id);
  if (ids.length === 0) return;
  await trx.deleteFrom('deliveries').where('subscription', 'in', ids).execute();
  await trx.deleteFrom('subscriptions').where('id', 'in', ids).execute();
}

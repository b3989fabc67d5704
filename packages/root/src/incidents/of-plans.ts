import type { Database } from '../db/tables.ts';
import type { KnownPlan } from '../plans/rows.ts';
import type { Root } from '../root.ts';
import { clearSigns, noteSigns } from './signs.ts';

const failed = 'plan-failed';

/**
 * A plan that stopped by the verdict of a ring or by its tests: no deployment need have failed by itself. In the transaction
 * in which it stops, behind all that this does. Where deployments failed, each is evidence of its own.
 */
export async function notePlanFailed(
  trx: Database,
  { row: { id, product } }: KnownPlan,
  message: string,
  nowMs: number,
): Promise<void> {
  const sign = { key: `${failed}/${product}/${id}`, subject: id, isHost: false, sinceMs: nowMs, message };
  await noteSigns(trx, [{ environment: await placeOfPlan(trx, id), ...sign }], nowMs);
}

/** What failed plans brought is gone once something later of the product succeeded wherever they had come. */
export async function watchFailedPlans({ db, clock, restored }: PlanParts): Promise<void> {
  if (restored.isRestored()) return;
  const nowMs = clock.now();
  await db.transaction().execute(async (trx) => {
    const standing = await trx
      .selectFrom('incident_signs')
      .select(['environment', 'key', 'subject'])
      .where('key', 'like', `${failed}/%`)
      .where('cleared_ms', 'is', null)
      .execute();
    if (standing.length === 0) return;
    const left = await trx
      .selectFrom('deployments as d')
      .leftJoin('standings as s', (join) =>
        join.onRef('s.environment', '=', 'd.environment').onRef('s.product', '=', 'd.product'),
      )
      .select('d.plan')
      .distinct()
      .where(
        'd.plan',
        'in',
        standing.map(({ subject }) => subject),
      )
      .where('d.kind', '!=', 'rollback')
      .where((e) => e.or([e('s.sequence', 'is', null), e('s.sequence', '<=', e.ref('d.sequence'))]))
      .execute();
    const stands = new Set(left.map(({ plan }) => plan));
    await clearSigns(
      trx,
      standing.filter(({ subject }) => !stands.has(subject)),
      nowMs,
    );
  });
}

export type PlanParts = Pick<Root, 'db' | 'clock'> & {
  readonly restored: Pick<Root['restored'], 'isRestored'>;
};

/**
 * Where a plan's evidence belongs: the environment that it came to last. Empty, the whole installation, where it goes to
 * several tenants: what it says names the environments of all.
 */
export async function placeOfPlan(db: Database, id: string): Promise<string> {
  const tenants = await db
    .selectFrom('plan_environments as p')
    .innerJoin('environments as e', 'e.id', 'p.environment')
    .select('e.tenant')
    .distinct()
    .where('p.plan', '=', id)
    .execute();
  if (tenants.length !== 1) return '';
  const last = await db
    .selectFrom('deployments')
    .select('environment')
    .where('plan', '=', id)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.environment ?? '';
}

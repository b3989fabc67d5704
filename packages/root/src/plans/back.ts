import { XylemError } from '@xylem/core';
import { unhurried } from '@xylem/platform';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { deployingLock, newestDeployments } from '../deployments/rows.ts';
import { beginDeployment } from '../deployments/start.ts';
import { type Begun, begunBy } from './begun.ts';
import type { PlanOptions } from './prepare.ts';
import { type KnownPlan, planLock, planNamed } from './rows.ts';

/**
 * Asks that what a plan brought to these environments is taken back; `takeBack` does it. Where it brought nothing there
 * is nothing to take back, and what was asked for before stays asked for.
 * @returns how many environments that is
 */
export async function askBack(
  trx: Database,
  known: KnownPlan,
  environments: readonly string[],
  { by, why }: { readonly by: string; readonly why: string },
): Promise<number> {
  const begun = new Set((await begunBy(trx, known)).map(({ environment }) => environment));
  const meant = environments.filter((id) => begun.has(id));
  if (meant.length === 0) return 0;
  await trx
    .updateTable('plan_environments')
    .set({ back: 'due', back_by: by, back_why: why, back_deployment: null, back_kept: null })
    .where('plan', '=', known.row.id)
    .where('environment', 'in', meant)
    // What could not be taken back is tried again.
    .where((e) => e.or([e('back', 'is', null), e('back', '=', 'kept')]))
    .execute();
  return meant.length;
}

/** Plans of which something is still to be taken back. */
export async function plansToTakeBack(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('plan_environments')
    .select('plan')
    .distinct()
    .where('back', '=', 'due')
    .execute();
  return rows.map(({ plan }) => plan);
}

/**
 * Begins the rollbacks that were asked for, what came last first, each in a transaction of its own. What can't go back
 * stays, and it is written down why.
 * @returns environments where one began
 */
export async function takeBack(options: PlanOptions, plan: string): Promise<string[]> {
  const { db } = options;
  const due = await db
    .selectFrom('plan_environments')
    .select('environment')
    .where('plan', '=', plan)
    .where('back', '=', 'due')
    .execute();
  if (due.length === 0) return [];
  const ids = new Set(due.map(({ environment }) => environment));
  const begun: string[] = [];
  const newestFirst = (await begunBy(db, await planNamed(db, plan))).reverse();
  for await (const deployment of unhurried(newestFirst)) {
    if (!ids.has(deployment.environment)) continue;
    try {
      if (await takeBackOne(options, plan, deployment)) begun.push(deployment.environment);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      await db.transaction().execute((trx) =>
        mark(trx, plan, deployment.environment, {
          back: 'kept',
          back_kept: `${error.message} (${error.code})`,
        }),
      );
    }
  }
  return begun;
}

async function takeBackOne(
  { db, clock, randomness }: PlanOptions,
  plan: string,
  { environment: id, id: own, product, sequence }: Begun,
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, planLock(plan));
    await lockFor(trx, deployingLock(id));
    const asked = await trx
      .selectFrom('plan_environments')
      .selectAll()
      .where('plan', '=', plan)
      .where('environment', '=', id)
      .executeTakeFirst();
    if (asked?.back !== 'due') return false;
    const newest = await newestDeployments(trx, id, product).limit(1).executeTakeFirst();
    // Its own strategy promised to take it back, with a quarantine: that comes first.
    if (newest?.id === own && newest.undo_due === 1) return false;
    if (newest !== undefined && newest.sequence > sequence) {
      const back_kept = newest.kind === 'rollback' ? null : `${newest.id} came there since.`;
      await mark(trx, plan, id, {
        back: back_kept === null ? 'begun' : 'kept',
        back_kept,
        back_deployment: newest.id,
      });
      return false;
    }
    const environment = await trx
      .selectFrom('environments')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const wanted = { environment, kind: 'rollback' as const, product, who: asked.back_by ?? `plan/${plan}` };
    const candidate = await candidateOf(trx, wanted, clock.now());
    const begun = await beginDeployment(trx, { randomness }, wanted, candidate);
    await mark(trx, plan, id, { back: 'begun', back_deployment: begun.id });
    return true;
  });
}

async function mark(
  trx: Database,
  plan: string,
  environment: string,
  values: {
    readonly back: 'begun' | 'kept';
    readonly back_deployment?: string;
    readonly back_kept?: string | null;
  },
): Promise<void> {
  await trx
    .updateTable('plan_environments')
    .set(values)
    .where('plan', '=', plan)
    .where('environment', '=', environment)
    .where('back', '=', 'due')
    .execute();
}

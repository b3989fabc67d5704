import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments } from '../environments/names.ts';
import { subscribeStakeholders } from '../notify/stakeholders.ts';
import { requireDigest } from './approvals.ts';
import { beginIn } from './begin.ts';
import type { PlanOptions } from './prepare.ts';
import { keepRing } from './ring-look.ts';
import { type KnownPlan, planLock, planNamed, requireFresh, requireOpen } from './rows.ts';
import { stepOf } from './seen.ts';
import { setState } from './state.ts';
import { askTicketsOf } from './tickets.ts';

/** Who goes on with a plan's later stages. */
export interface PlanStarter {
  readonly account: string;
  readonly groups: readonly string[];
}

interface StartPlan {
  readonly id: string;
  /** The beginning of the digest that the caller means; absent: the present one. */
  readonly digest?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Why it begins now: what is urgent begins in a frozen environment by it. */
  readonly reason?: string | undefined;
  readonly who: string;
  /** Absent: nobody, what moves by itself. */
  readonly starter?: PlanStarter;
}

/**
 * Begins the first stage of a plan: all of it that may be under way at once, or nothing. The rest is the driver's.
 * @returns the ids of the deployments; none after a dry run, and where its schedule lets nothing begin yet
 * @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_EXPIRED, E_PLAN_CHANGED, and that of the first closed gate
 */
export async function startPlan(options: PlanOptions, start: StartPlan): Promise<string[]> {
  const { db, clock } = options;
  const asked = await planNamed(db, start.id);
  const { step: first } = await stepOf(db, asked, clock.now());
  if (first.kind === 'begin') await askTicketsOf(options, asked, first.environments.slice(0, first.atMost));
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, planLock(start.id));
    const known = await planNamed(trx, start.id);
    requireOpen(known.row);
    const nowMs = clock.now();
    requireFresh(known.version, nowMs);
    requireDigest(known, start.digest);
    if (start.dryRun !== true) await keepRing(trx, known, new Map(), nowMs);
    const { step } = await stepOf(trx, known, nowMs);
    const { who, dryRun, reason, starter } = start;
    if (dryRun !== true) await subscribe(trx, options, known, who, nowMs);
    const ids =
      step.kind === 'begin'
        ? await beginIn(trx, options, known, {
            stage: step.stage,
            environments: step.environments.slice(0, step.atMost),
            who,
            why: reason,
            dryRun,
          })
        : [];
    if (dryRun !== true) {
      await setState(trx, known, nowMs, { state: 'started', by: who, reason: null });
      await trx
        .updateTable('plans')
        .set({
          started_by: who,
          started_why: reason ?? null,
          started_account: starter?.account ?? null,
          started_groups: JSON.stringify(starter?.groups ?? []),
          confirmed: 1,
        })
        .where('id', '=', start.id)
        .execute();
    }
    return ids;
  });
}

async function subscribe(
  trx: Database,
  { randomness }: PlanOptions,
  { row, version: { document } }: KnownPlan,
  by: string,
  nowMs: number,
): Promise<void> {
  const { notify, stages } = document;
  if (notify === undefined) return;
  const named = new Set<string>(
    stages.flatMap((one) => one.environments.map(({ environment }) => environment)),
  );
  const environments = (await allEnvironments(trx)).filter(({ id }) => named.has(id));
  await subscribeStakeholders(trx, randomness, { ...notify, plan: row.id, by }, environments, nowMs);
}

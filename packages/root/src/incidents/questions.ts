import { isAsking } from '@xylem/core';
import { deploymentOf } from '../deployments/rows.ts';
import { ownName } from '../plans/change.ts';
import { type PlanParts, placeOfPlan } from './of-plans.ts';
import { reconcileSigns, type SeenSign } from './signs.ts';

/** Who follows what they began answers sooner; from then on somebody has to be called. */
const unansweredMs = 10 * 60_000;

/** Deployments and plans that asked whether to go on, and got no answer. */
export async function watchQuestions(parts: PlanParts): Promise<void> {
  if (parts.restored.isRestored()) return;
  await reconcileSigns(parts, 'deployment-asks/', await askingDeployments(parts));
  await reconcileSigns(parts, 'plan-asks/', await askingPlans(parts));
}

async function askingDeployments({ db, clock }: PlanParts): Promise<SeenSign[]> {
  const rows = await db
    .selectFrom('deployments as d')
    .innerJoin('deployment_events as e', 'e.deployment', 'd.id')
    .where('d.state', '=', 'paused')
    .where('e.kind', '=', 'paused')
    .groupBy(['d.id', 'd.environment', 'd.product', 'd.reason', 'd.document'])
    .select(['d.id', 'd.environment', 'd.product', 'd.reason', 'd.document'])
    .select((e) => e.fn.max('e.time_ms').as('asked_ms'))
    .having((e) => e.fn.max('e.time_ms'), '<=', clock.now() - unansweredMs)
    .execute();
  return rows.flatMap((row): SeenSign[] => {
    const deployment = deploymentOf(row);
    if (!isAsking(deployment)) return [];
    return [
      {
        environment: row.environment,
        key: `deployment-asks/${row.product}/${deployment.to?.version ?? ''}`,
        subject: row.id,
        isHost: false,
        sinceMs: Number(row.asked_ms),
        message: row.reason ?? '',
      },
    ];
  });
}

async function askingPlans({ db, clock }: PlanParts): Promise<SeenSign[]> {
  const rows = await db
    .selectFrom('plans')
    .select(['id', 'product', 'ended_by', 'reason', 'updated_ms'])
    .where('state', '=', 'paused')
    .where('updated_ms', '<=', clock.now() - unansweredMs)
    .execute();
  // What a person paused waits for that person.
  const asking = rows.filter(({ id, ended_by: by }) => by === ownName(id));
  return await Promise.all(
    asking.map(async ({ id, product, reason, updated_ms: sinceMs }) => ({
      environment: await placeOfPlan(db, id),
      key: `plan-asks/${product}/${id}`,
      subject: id,
      isHost: false,
      sinceMs,
      message: reason ?? '',
    })),
  );
}

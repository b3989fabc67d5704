import { XylemError } from '@xylem/core';
import type { EnvironmentRow } from '../environments/names.ts';
import { type PlanOptions, preparePlan } from './prepare.ts';
import { refreshPlan } from './refresh.ts';
import { planNamed, wordsOf } from './rows.ts';
import { startPlan } from './start.ts';

interface Asked {
  readonly environment: EnvironmentRow;
  readonly product: string;
  readonly version: string;
  /** `channel/shop/stable` */
  readonly who: string;
}

/**
 * What comes by itself to an environment that demands approvals: a plan for each release, once, which is started when
 * it was approved. Only what somebody approved is tried, so that a fleet in motion makes no versions that nobody reads.
 * @returns whether it was started
 * @throws XylemError E_PLAN_CHANGED (asked anew), and that of the first closed gate
 */
export async function startApproved(options: PlanOptions, asked: Asked): Promise<boolean> {
  const id = await planOf(options, asked);
  if (id === null) {
    await ask(options, asked);
    return false;
  }
  const { row } = await planNamed(options.db, id);
  if (row.state !== 'open' || (await wordsOf(options.db, row)).length === 0) return false;
  try {
    await startPlan(options, { id, who: asked.who });
    return true;
  } catch (error) {
    const isOld = error instanceof XylemError && ['E_PLAN_CHANGED', 'E_PLAN_EXPIRED'].includes(error.code);
    if (isOld) await refreshPlan(options, id, authorOf(asked));
    throw error;
  }
}

const authorOf = ({ who }: Asked) => ({ by: who, origin: who });

async function ask(options: PlanOptions, asked: Asked): Promise<void> {
  const { environment, product, version } = asked;
  const stages = [{ name: 'all', environments: [environment] }];
  await preparePlan(options, { kind: 'deploy', product, version, skipUnfit: true, stages }, authorOf(asked));
}

/** The plan that was made for this release before, in whatever state. */
async function planOf(
  { db }: PlanOptions,
  { environment, product, version, who }: Asked,
): Promise<string | null> {
  const rows = await db
    .selectFrom('plans as p')
    .innerJoin('plan_environments as e', 'e.plan', 'p.id')
    .innerJoin('plan_versions as v', (join) => join.onRef('v.plan', '=', 'p.id').on('v.number', '=', 1))
    .select(['p.id', 'v.document'])
    .where('e.environment', '=', environment.id)
    .where('p.product', '=', product)
    .where('v.origin', '=', who)
    .orderBy('p.created_ms', 'desc')
    .execute();
  const found = rows.find((row) => (JSON.parse(row.document) as { version: string }).version === version);
  return found?.id ?? null;
}

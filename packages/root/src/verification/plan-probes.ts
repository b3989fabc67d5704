import { type Plan, type Probe, type ProbeResult, statedProbes } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** A stage of a plan that was started, which asks probes of its own now. */
export interface AskingStage {
  readonly plan: string;
  readonly stage: number;
  readonly probes: readonly Probe[];
  /** Addresses that may lie in a network inside. */
  readonly anywhere: ReadonlySet<string>;
  readonly last: ReadonlyMap<string, ProbeResult>;
}

/** Keeps what a plan will ask, in the transaction that stores it. @param anywhere whether addresses may lie inside */
export async function insertPlanProbes(
  trx: Database,
  plan: string,
  { stages }: Plan,
  anywhere: boolean,
): Promise<void> {
  const rows = stages.flatMap(({ verification }, stage) =>
    statedProbes(verification?.probes ?? []).map((probe) => ({
      plan,
      stage,
      name: probe.name,
      probe: JSON.stringify(probe),
      anywhere: anywhere ? 1 : 0,
      result: null,
    })),
  );
  for (const row of rows) await trx.insertInto('plan_probes').values(row).execute();
}

/** What came of them is of no use once their plan has ended. */
export async function forgetPlanProbes(trx: Database, plan: string): Promise<void> {
  await trx.deleteFrom('plan_probes').where('plan', '=', plan).execute();
}

/** Stages that have begun and are followed by none that has, of plans that go on. */
export async function askingStages(db: Database): Promise<AskingStage[]> {
  const rows = await db
    .selectFrom('plan_probes as q')
    .innerJoin('plans as p', 'p.id', 'q.plan')
    .selectAll('q')
    .where('p.state', 'in', ['started', 'paused'])
    .where('q.stage', '=', (of) =>
      of
        .selectFrom('deployments as d')
        .innerJoin('plan_environments as e', (join) =>
          join.onRef('e.plan', '=', 'd.plan').onRef('e.environment', '=', 'd.environment'),
        )
        .select(({ fn }) => fn.max('e.stage').as('stage'))
        .whereRef('d.plan', '=', 'q.plan'),
    )
    .execute();
  return [...Map.groupBy(rows, ({ plan }) => plan)].flatMap(([plan, [first, ...others]]) => {
    if (first === undefined) return [];
    const own = [first, ...others].map(({ probe, anywhere, result }) => ({
      probe: JSON.parse(probe) as Probe,
      isAnywhere: anywhere === 1,
      result: result === null ? null : (JSON.parse(result) as ProbeResult),
    }));
    const anywhere = new Set(own.flatMap(({ probe, isAnywhere }) => (isAnywhere ? [probe.url] : [])));
    const last = new Map(
      own.flatMap(({ result }) => (result === null ? [] : [[result.name, result] as const])),
    );
    return [{ plan, stage: first.stage, probes: own.map(({ probe }) => probe), anywhere, last }];
  });
}

/** The last results of a stage's own probes; none once its plan has ended. */
export async function planResults(db: Database, plan: string, stage: number): Promise<ProbeResult[]> {
  const rows = await db
    .selectFrom('plan_probes')
    .select('result')
    .where('plan', '=', plan)
    .where('stage', '=', stage)
    .orderBy('name')
    .execute();
  return rows.flatMap(({ result }) => (result === null ? [] : [JSON.parse(result) as ProbeResult]));
}

/** Of a plan that has ended meanwhile nothing is kept. */
export async function savePlanResult(
  db: Database,
  { plan, stage }: Pick<AskingStage, 'plan' | 'stage'>,
  result: ProbeResult,
): Promise<void> {
  await db
    .updateTable('plan_probes')
    .set({ result: JSON.stringify(result) })
    .where('plan', '=', plan)
    .where('stage', '=', stage)
    .where('name', '=', result.name)
    .execute();
}

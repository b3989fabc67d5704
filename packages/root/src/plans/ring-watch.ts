import type { PlanEnvironment } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { advancePolicyOf, type Heard, heardIn } from '../deployments/evidence.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';

/**
 * Environments of a ring whose turn has not come, watched in the same way as those that have begun: at each report that
 * arrives, and for silence. What is compared is only as good as both sides are watched alike.
 */

/** Begins to watch those that have hosts which are well, before any of the ring begins. @returns how many */
export async function watchAll(
  trx: Database,
  plan: string,
  product: string,
  environments: readonly PlanEnvironment[],
  nowMs: number,
): Promise<number> {
  const known = await trx
    .selectFrom('plan_ring_environments')
    .select('environment')
    .where('plan', '=', plan)
    .execute();
  const watched = new Set(known.map(({ environment }) => environment));
  const ids = environments.map(({ environment }) => environment as string).filter((id) => !watched.has(id));
  if (ids.length === 0) return 0;
  const rows = await trx.selectFrom('environments').selectAll().where('id', 'in', ids).execute();
  const hosts = Map.groupBy(await hostsIn(trx, ids), ({ environment }) => environment);
  let begun = 0;
  for (const row of rows) {
    const offline_after_ms = offlineAfter(row);
    const own = hosts.get(row.id) ?? [];
    const heard = await heardIn(trx, row.id, nowMs);
    const { well, unfit } = sorted(own, heard, product, nowMs, offline_after_ms);
    if (well === 0) continue;
    begun += 1;
    await trx
      .insertInto('plan_ring_environments')
      .values({
        plan,
        environment: row.id,
        watched: null,
        unfit: JSON.stringify(unfit),
        offline_after_ms,
        unwell_ms: null,
      })
      .execute();
  }
  return begun;
}

/** Looks at an environment whose turn has not come, if it is watched. */
export async function lookBefore(db: Database, environment: string, nowMs: number): Promise<void> {
  const rows = await watchedNow(db).where('r.environment', '=', environment).execute();
  if (rows.length === 0) return;
  const hosts = await hostsIn(db, [environment]);
  const heard = await heardIn(db, environment, nowMs);
  for (const { plan, product, unfit, offline_after_ms } of rows) {
    const before = new Set(JSON.parse(unfit) as string[]);
    const now = sorted(hosts, heard, product, nowMs, offline_after_ms);
    if (now.unfit.every((id) => before.has(id))) continue;
    await db
      .updateTable('plan_ring_environments')
      .set({ unwell_ms: nowMs })
      .where('plan', '=', plan)
      .where('environment', '=', environment)
      .where('unwell_ms', 'is', null)
      .execute();
  }
}

/** Looks at those of a plan in which a host may have fallen silent; the others are looked at as reports arrive. */
export async function lookForSilence(db: Database, plan: string, nowMs: number): Promise<void> {
  const rows = await watchedNow(db)
    .innerJoin('host_states as t', 't.reported_in', 'r.environment')
    .where('r.plan', '=', plan)
    .groupBy(['r.environment', 'r.offline_after_ms'])
    .clearSelect()
    .select((e) => ['r.environment', 'r.offline_after_ms', e.fn.min('t.heard_ms').as('oldest')])
    .execute();
  for (const { environment, offline_after_ms, oldest } of rows)
    if (nowMs - Number(oldest) > offline_after_ms) await lookBefore(db, environment, nowMs);
}

const watchedNow = (db: Database) =>
  db
    .selectFrom('plan_ring_environments as r')
    .innerJoin('plans as p', 'p.id', 'r.plan')
    .where('r.watched', '=', 'control')
    .where('r.unwell_ms', 'is', null)
    .where('p.state', 'in', ['started', 'paused'])
    .select(['r.plan', 'r.environment', 'p.product', 'r.unfit', 'r.offline_after_ms']);

const offlineAfter = (row: EnvironmentRow): number =>
  advancePolicyOf(parseEnvironmentYaml(row.yaml, fullName(row)).policy.reportEverySeconds).offlineAfterMs;

/** Of the hosts that run something of the product: how many are well, and which are not. */
function sorted(
  hosts: readonly HostRecord[],
  { reports, seen }: Heard,
  product: string,
  nowMs: number,
  offlineAfterMs: number,
): { readonly well: number; readonly unfit: string[] } {
  const unfit: string[] = [];
  let well = 0;
  for (const { id, retired } of hosts) {
    const own = reports.get(id);
    const running = own?.report.components.filter((one) => one.product === product) ?? [];
    if (retired || own === undefined || running.length === 0) continue;
    const silent = nowMs - Math.max(own.receivedMs, seen.get(id) ?? 0) > offlineAfterMs;
    if (silent || running.some(({ state, healthy }) => state === 'failed' || healthy === false))
      unfit.push(id);
    else well += 1;
  }
  return { well, unfit };
}

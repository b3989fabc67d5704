import type { PlanBehind } from '../api/schemas/laggards.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import type { HostBehind } from '../deployments/behind.ts';
import { judge, readFleet } from '../deployments/judge.ts';
import { behindIn, shownBehind } from '../deployments/laggards.ts';
import { allEnvironments, fullName } from '../environments/names.ts';
import type { KnownPlan } from './rows.ts';

type Found = HostBehind & { readonly deployment: string; readonly environment: string };

/** Who is not where the deployments of a plan want them, as far as whoever asks reads their environments. */
export async function planBehind(
  db: Database,
  { row: { id } }: KnownPlan,
  within: Within,
  nowMs: number,
): Promise<PlanBehind> {
  const environments = new Map((await allEnvironments(db)).map((one) => [one.id, one]));
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('plan', '=', id)
    .orderBy('sequence')
    .execute();
  const found: Found[] = [];
  for (const row of rows) {
    const environment = environments.get(row.environment);
    if (environment === undefined || !within(environment)) continue;
    const fleet = await readFleet(db, row.environment, nowMs);
    const behind = await behindIn(db, row, await judge(db, row, fleet, nowMs), fleet, nowMs);
    for (const one of behind) found.push({ ...one, deployment: row.id, environment: fullName(environment) });
  }
  return shownBehind(found);
}

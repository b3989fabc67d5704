import type { PlanSummary } from '../api/schemas/plans.ts';
import type { Within } from '../auth/access.ts';
import { allEnvironments, environmentsMatching } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { planNamed } from './rows.ts';
import { showSummary } from './show.ts';

interface Query {
  readonly environment?: string | undefined;
  readonly product?: string | undefined;
  readonly open?: 'true' | 'false' | undefined;
  readonly limit?: string | undefined;
}

/** Plans that name an environment which somebody reads, newest first. */
export async function listPlans(
  { db, config, clock }: Root,
  within: Within,
  { environment, product, open, limit }: Query,
): Promise<{ plans: PlanSummary[] }> {
  const nowMs = clock.now();
  const patterns = environment === undefined ? undefined : [environment];
  const environments = await environmentsMatching(db, patterns, config.tenant, within);
  const all = await allEnvironments(db);
  let rows = db
    .selectFrom('plans as p')
    .innerJoin('plan_environments as e', 'e.plan', 'p.id')
    .select(['p.id', 'p.created_ms'])
    .distinct()
    .where('e.environment', 'in', [...environments.map(({ id }) => id), ''])
    .orderBy('p.created_ms', 'desc')
    .orderBy('p.id')
    .limit(Number(limit ?? 50));
  if (product !== undefined) rows = rows.where('p.product', '=', product);
  if (open === 'true')
    rows = rows
      .innerJoin('plan_versions as v', (join) =>
        join.onRef('v.plan', '=', 'p.id').onRef('v.number', '=', 'p.number'),
      )
      .where('p.state', '=', 'open')
      .where('v.expires_ms', '>', nowMs);
  if (open === 'false') rows = rows.where('p.state', '!=', 'open');
  const plans: PlanSummary[] = [];
  for (const { id } of await rows.execute())
    plans.push(showSummary(await planNamed(db, id), all, within, nowMs));
  return { plans };
}

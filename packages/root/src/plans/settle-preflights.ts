import { endPreflights } from '../jobs/preflights.ts';
import type { Root } from '../root.ts';

/**
 * Takes orders to look beforehand out of the host map where the plan is over, or what it brought there has ended; what
 * hosts fetched for them goes with it. Nothing is decided while a restore is not confirmed.
 */
export async function settlePreflights(
  root: Pick<Root, 'db' | 'clock' | 'directing' | 'restored'>,
): Promise<void> {
  const { db, clock, directing, restored } = root;
  if (restored.isRestored()) return;
  const nowMs = clock.now();
  const standing = await db
    .selectFrom('job_runs as j')
    .leftJoin('plans as p', 'p.id', 'j.preflight_of')
    .leftJoin('plan_versions as v', (join) =>
      join.onRef('v.plan', '=', 'p.id').onRef('v.number', '=', 'p.number'),
    )
    .leftJoin('deployments as d', (join) =>
      join.onRef('d.plan', '=', 'p.id').onRef('d.environment', '=', 'j.environment'),
    )
    .select(['j.preflight_of as plan', 'j.environment', 'p.state', 'v.expires_ms', 'd.state as deployed'])
    .distinct()
    .where('j.preflight_stands', '=', 1)
    .execute();
  for (const { plan, environment, state, expires_ms: expiresMs, deployed } of standing) {
    const why = reasonFor(state, nowMs >= (expiresMs ?? 0), deployed);
    if (why === null || plan === null) continue;
    await db.transaction().execute((trx) => endPreflights(trx, { plan, environment }, why, nowMs));
    await directing.publish(environment);
  }
}

function reasonFor(state: string | null, isOld: boolean, deployed: string | null): string | null {
  if (state === 'open') return isOld ? 'The plan expired.' : null;
  if (state !== 'started' && state !== 'paused') return `The plan was ${state ?? 'removed'}.`;
  if (deployed === null || deployed === 'running' || deployed === 'paused') return null;
  return `The deployment that they were asked for ${deployed}.`;
}

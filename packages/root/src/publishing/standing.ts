import type { ProductRoleContent } from '@xylem/trust';
import { releaseTarget } from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import { graphOf } from '../transitions/graph.ts';
import { waypointReleases } from '../transitions/waypoints.ts';

/** Which releases a role says are withdrawn, and which it does not vouch for any more; both stay in the record. */
export async function saveStanding(
  trx: Database,
  product: string,
  content: ProductRoleContent,
): Promise<void> {
  const rows = await trx
    .selectFrom('releases')
    .select(['release', 'withdrawn', 'retired'])
    .where('product', '=', product)
    .execute();
  const withdrawn = new Set<string>(content.withdrawn);
  const changed = new Map<string, string[]>();
  for (const row of rows) {
    const says = {
      withdrawn: withdrawn.has(row.release) ? 1 : 0,
      retired: content.releases.has(releaseTarget(product, row.release)) ? 0 : 1,
    };
    if (says.withdrawn === row.withdrawn && says.retired === row.retired) continue;
    const key = JSON.stringify(says);
    changed.set(key, [...(changed.get(key) ?? []), row.release]);
  }
  for (const [says, releases] of changed) {
    const values = JSON.parse(says) as { withdrawn: number; retired: number };
    for (let at = 0; at < releases.length; at += mostNamedAtOnce) {
      await trx
        .updateTable('releases')
        .set(values)
        .where('product', '=', product)
        .where('release', 'in', releases.slice(at, at + mostNamedAtOnce))
        .execute();
    }
  }
}

/** Databases bound how many values a statement has. */
const mostNamedAtOnce = 500;

/**
 * Digests of the releases that a channel points to, that hosts must pass through, or that an environment runs, awaits or
 * would go back to.
 */
export async function releasesInUse(db: Database, product: string): Promise<Set<string>> {
  const channels = await db.selectFrom('channels').select('release').where('product', '=', product).execute();
  const standings = await db
    .selectFrom('standings')
    .select(['release', 'previous_release'])
    .where('product', '=', product)
    .execute();
  const deployments = await db
    .selectFrom('deployments')
    .select('document')
    .where('product', '=', product)
    .where('state', 'in', ['running', 'paused'])
    .execute();
  const moving = deployments.map(({ document }) => {
    const { from, to } = JSON.parse(document) as Record<'from' | 'to', { digest: string } | null>;
    return [from?.digest, to?.digest];
  });
  const graph = await graphOf(db, product);
  const waypoints = graph === null ? [] : await waypointReleases(db, product, graph);
  return new Set(
    [
      ...waypoints.map(({ digest }) => digest),
      ...channels.map(({ release }) => release),
      ...standings.flatMap(({ release, previous_release }) => [release, previous_release]),
      ...moving.flat(),
    ].filter((digest) => typeof digest === 'string'),
  );
}

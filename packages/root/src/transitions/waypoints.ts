import {
  type DesiredState,
  type KnownRelease,
  liveWaypoints,
  type ProductDirection,
  type TransitionGraph,
  type Version,
  waypointsAhead,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type Heard, heardIn } from '../deployments/evidence.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { storedRelease } from '../publishing/parsed.ts';
import { graphOf, installedOf } from './graph.ts';

/** The releases that a publisher names as waypoints and that hosts still take, in ascending order. Nobody passes through one that is recalled. */
export async function waypointReleases(
  db: Database,
  product: string,
  graph: TransitionGraph,
): Promise<KnownRelease[]> {
  const versions = liveWaypoints(graph).map(({ version }) => version as string);
  if (versions.length === 0) return [];
  const rows = await db
    .selectFrom('releases')
    .select(['release', 'version', 'document'])
    .where('product', '=', product)
    .where('version', 'in', versions)
    .where('retired', '=', 0)
    .where('withdrawn', '=', 0)
    .where('release', 'not in', db.selectFrom('recalls').select('release').where('ended_ms', 'is', null))
    .execute();
  return rows
    .map((row) => ({ digest: row.release as KnownRelease['digest'], release: storedRelease(row.document) }))
    .sort((a, b) => versions.indexOf(a.release.version) - versions.indexOf(b.release.version));
}

/** What a desired state says of releases to pass through: those alone that a host of the environment has still ahead. */
export async function throughWords(
  db: Database,
  environment: string,
  directions: readonly ProductDirection[],
  hosts: readonly HostRecord[],
  nowMs: number,
): Promise<Pick<DesiredState, 'through'>> {
  const through: Record<string, NonNullable<DesiredState['through']>[string]> = {};
  let heard: Heard | undefined;
  for (const { product, settled, deployments } of directions) {
    const graph = await graphOf(db, product);
    if (graph === null || liveWaypoints(graph).length === 0) continue;
    heard ??= await heardIn(db, environment, nowMs);
    const { reports } = heard;
    const installed = hosts
      .filter(({ retired }) => !retired)
      .map(({ id }) => installedOf(reports.get(id)?.report, product).values());
    const targets = [settled, ...deployments.map(({ release }) => release)].flatMap((known) =>
      known === null ? [] : [known.release.version],
    );
    const ahead = new Set<Version>(waypointsAhead(graph, installed, targets));
    if (ahead.size === 0) continue;
    const offered = (await waypointReleases(db, product, graph))
      .filter(({ release }) => ahead.has(release.version))
      .map(({ digest, release }) => ({
        release: digest,
        version: release.version,
        packages: release.packages.map(({ component, package: of, version }) => ({
          component,
          package: of,
          version,
        })),
      }));
    if (offered.length > 0) through[product] = offered;
  }
  return Object.keys(through).length === 0 ? {} : { through };
}

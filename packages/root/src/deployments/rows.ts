import {
  type Deployment,
  type Digest,
  type HostId,
  hasEnded,
  type KnownRelease,
  type ProductDirection,
  type Watched,
  XylemError,
} from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import { storedRelease } from '../publishing/parsed.ts';
import { type RetryWord, retryWordOf, type SkipWord, skipWordOf } from './host-words.ts';
import { type MarkColumns, unmarked } from './unmarked.ts';

export type DeploymentRow = Selectable<Tables['deployments']>;

/** Who starts, changes or advances deployments of an environment goes one after the other (`lockFor`). */
export const deployingLock = (environment: string): string => `deploying/${environment}`;

/** The deployment as core decides over it. */
export const deploymentOf = (row: Pick<DeploymentRow, 'document'>): Deployment =>
  JSON.parse(row.document) as Deployment;

/** @throws XylemError E_NOT_FOUND */
export async function deploymentNamed(db: Database, id: string): Promise<DeploymentRow> {
  const row = await db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return row;
  throw noDeployment(id);
}

/** A query for the deployments of a product in an environment, the newest first: each caller bounds it. */
export const newestDeployments = (db: Database, environment: string, product: string) =>
  db
    .selectFrom('deployments')
    .selectAll()
    .where('environment', '=', environment)
    .where('product', '=', product)
    .orderBy('sequence', 'desc');

export const noDeployment = (id: string): XylemError =>
  new XylemError('E_NOT_FOUND', `There is no deployment ${id}.`);

/** Deployments that run, or that are paused too, oldest first. */
export async function activeDeployments(
  db: Database,
  options: { readonly environment?: string; readonly states?: readonly string[] } = {},
): Promise<DeploymentRow[]> {
  const query = db
    .selectFrom('deployments')
    .selectAll()
    .where('state', 'in', options.states ?? ['running', 'paused'])
    .orderBy('sequence');
  return await (options.environment === undefined
    ? query
    : query.where('environment', '=', options.environment)
  ).execute();
}

/**
 * The last word about each product of an environment that has not settled: a deployment that runs, is paused, or
 * ended without success and still says what its admitted hosts should run.
 */
export async function unsettledDeployments(db: Database, environment: string): Promise<DeploymentRow[]> {
  const newest = new Map<string, DeploymentRow>();
  for (const row of await afterStandings(db, environment)) {
    if (!newest.has(row.product)) newest.set(row.product, row);
  }
  return [...newest.values()];
}

/** The newest deployment of each environment and product that came after what is settled of it. */
export async function unsettledEverywhere(
  db: Database,
): Promise<Pick<DeploymentRow, 'environment' | 'product' | 'document'>[]> {
  const rows = await db
    .selectFrom('deployments as d')
    .leftJoin('standings as s', (join) =>
      join.onRef('s.environment', '=', 'd.environment').onRef('s.product', '=', 'd.product'),
    )
    .select(['d.environment', 'd.product', 'd.document'])
    .where((e) => e.or([e('s.sequence', 'is', null), e('d.sequence', '>', e.ref('s.sequence'))]))
    .orderBy('d.sequence')
    .execute();
  return [...new Map(rows.map((row) => [`${row.environment} ${row.product}`, row])).values()];
}

/** Deployments of an environment that came after what is settled of their product, newest first. */
async function afterStandings(db: Database, environment: string): Promise<DeploymentRow[]> {
  return await db
    .selectFrom('deployments as d')
    .leftJoin('standings as s', (join) =>
      join.onRef('s.environment', '=', 'd.environment').onRef('s.product', '=', 'd.product'),
    )
    .selectAll('d')
    .where('d.environment', '=', environment)
    .where((e) => e.or([e('s.sequence', 'is', null), e('d.sequence', '>', e.ref('s.sequence'))]))
    .orderBy('d.sequence', 'desc')
    .execute();
}

/** Writes the deployment after decisions; `trx` holds what goes with them. */
export async function saveDeployment(trx: Database, deployment: Deployment, nowMs: number): Promise<void> {
  await trx
    .updateTable('deployments')
    .set({
      state: deployment.state,
      reason: deployment.reason,
      document: JSON.stringify(deployment),
      updated_ms: nowMs,
      finished_ms: hasEnded(deployment) ? nowMs : null,
    })
    .where('id', '=', deployment.id)
    .execute();
}

export interface HostMark {
  readonly admittedAt: number | null;
  readonly held: boolean;
  readonly doneAt: number | null;
  readonly failedAt: number | null;
  readonly watched: Watched | null;
  readonly skipped: SkipWord | null;
  readonly retried: RetryWord | null;
}

export async function hostMarks(db: Database, deployment: string): Promise<Map<HostId, HostMark>> {
  const rows = await db
    .selectFrom('deployment_hosts')
    .selectAll()
    .where('deployment', '=', deployment)
    .execute();
  return new Map(
    rows.map((row) => [
      row.host as HostId,
      {
        admittedAt: row.admitted_ms,
        held: row.held === 1,
        doneAt: row.done_ms,
        failedAt: row.failed_ms,
        watched: row.watched === null ? null : (JSON.parse(row.watched) as Watched),
        skipped: row.skipped === null ? null : skipWordOf(row.skipped),
        retried: row.retried === null ? null : retryWordOf(row.retried),
      },
    ]),
  );
}

/** Writes what a decision says about hosts; what it does not name stays as it was. */
export async function markHosts(
  trx: Database,
  deployment: string,
  hosts: readonly HostId[],
  mark: Partial<MarkColumns>,
): Promise<void> {
  for (let at = 0; at < hosts.length; at += 500) {
    const values = hosts.slice(at, at + 500).map((host) => ({ deployment, host, ...unmarked, ...mark }));
    await trx
      .insertInto('deployment_hosts')
      .values(values)
      .onConflict((c) =>
        c.columns(['deployment', 'host']).doUpdateSet((e) => ({
          ...mark,
          // The first failure stays the one that counts.
          ...(mark.failed_ms === undefined
            ? {}
            : { failed_ms: e.fn.coalesce('deployment_hosts.failed_ms', 'excluded.failed_ms') }),
        })),
      )
      .execute();
  }
}

export async function knownRelease(db: Database, product: string, digest: string): Promise<KnownRelease> {
  const row = await db
    .selectFrom('releases')
    .select('document')
    .where('product', '=', product)
    .where('release', '=', digest)
    .executeTakeFirst();
  if (row === undefined) throw new XylemError('E_NOT_FOUND', `There is no release ${digest} of ${product}.`);
  return { digest: digest as Digest, release: storedRelease(row.document) };
}

/** What has been decided about each product of an environment: what is settled, and what came after it. */
export async function productDirections(db: Database, environment: string): Promise<ProductDirection[]> {
  const rows = await afterStandings(db, environment);
  // Read after them: what has been settled in between is taken out here, never seen in neither.
  const standings = await db
    .selectFrom('standings')
    .selectAll()
    .where('environment', '=', environment)
    .execute();
  const products = new Set([...standings.map((s) => s.product), ...rows.map((d) => d.product)]);
  const directions: ProductDirection[] = [];
  for (const product of [...products].sort()) {
    const standing = standings.find((entry) => entry.product === product);
    const settled = standing?.release ?? null;
    const deployments: ProductDirection['deployments'][number][] = [];
    for (const row of rows.filter(isUnsettled(product, standing?.sequence ?? 0))) {
      const deployment = deploymentOf(row);
      const release = deployment.to === null ? null : await knownRelease(db, product, deployment.to.digest);
      deployments.push({ deployment, release });
    }
    directions.push({
      product,
      settled: settled === null ? null : await knownRelease(db, product, settled),
      deployments,
    });
  }
  return directions;
}

const isUnsettled =
  (product: string, settled: number) =>
  (row: DeploymentRow): boolean =>
    row.product === product && row.sequence > settled;

/** Moves a product's standing to what a deployment brought. */
export async function settle(
  trx: Database,
  row: Pick<DeploymentRow, 'sequence'>,
  deployment: Deployment,
): Promise<void> {
  const { environment, product, to } = deployment;
  const before = await trx
    .selectFrom('standings')
    .selectAll()
    .where('environment', '=', environment)
    .where('product', '=', product)
    .executeTakeFirst();
  const values = {
    sequence: row.sequence,
    release: to?.digest ?? null,
    version: to?.version ?? null,
    previous_release: before?.release ?? null,
    previous_version: before?.version ?? null,
  };
  await trx
    .insertInto('standings')
    .values({ environment, product, ...values })
    .onConflict((c) => c.columns(['environment', 'product']).doUpdateSet(values))
    .execute();
}

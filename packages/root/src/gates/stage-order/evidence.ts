import { type EarlierPlace, type KnownRelease, stoodThere } from '@xylem/core';
import type { Database } from '../../db/tables.ts';
import { deploymentOf, newestDeployments } from '../../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../../environments/names.ts';

/** Who deploys more than this before going on has soaked nothing. */
const mostPast = 200;

/** What is known of a release in an environment that comes before. */
export async function placeOf(
  trx: Database,
  environment: EnvironmentRow,
  { digest, release: { product } }: KnownRelease,
  nowMs: number,
): Promise<EarlierPlace> {
  const rows = await newestDeployments(trx, environment.id, product).limit(mostPast).execute();
  const history = rows.reverse().map((row) => {
    const { kind, state, to, from } = deploymentOf(row);
    return {
      kind,
      state,
      to: to?.digest ?? null,
      from: from?.digest ?? null,
      createdMs: row.created_ms,
      finishedMs: row.finished_ms,
    };
  });
  return {
    environment: fullName(environment),
    settled: await settledVersion(trx, environment.id, product),
    stood: stoodThere(history, digest, nowMs),
  };
}

/** The version that the last successful deployment brought; null: none, or undeployed. */
export async function settledVersion(
  db: Database,
  environment: string,
  product: string,
): Promise<string | null> {
  const row = await db
    .selectFrom('standings')
    .select('version')
    .where('environment', '=', environment)
    .where('product', '=', product)
    .executeTakeFirst();
  return row?.version ?? null;
}

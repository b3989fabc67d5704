import { type KnownRelease, timeOf, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';

/** The quarantine of a release that holds in an environment, or undefined. */
export async function openQuarantine(db: Database, environment: string, release: string) {
  return await db
    .selectFrom('quarantines')
    .selectAll()
    .where('environment', '=', environment)
    .where('release', '=', release)
    .where('lifted_ms', 'is', null)
    .executeTakeFirst();
}

/**
 * Hosts would keep what they have, one after the other. Also the way back is refused: hosts refuse it as well.
 * @throws XylemError E_QUARANTINED
 */
export async function refuseQuarantined(
  db: Database,
  environment: EnvironmentRow,
  { digest, release: { product, version } }: KnownRelease,
): Promise<void> {
  const row = await openQuarantine(db, environment.id, digest);
  if (row === undefined) return;
  const { id, set_by: by, since_ms: sinceMs, reason } = row;
  throw new XylemError(
    'E_QUARANTINED',
    `${product}@${version} is quarantined in ${fullName(environment)} by ${by} since ${timeOf(sinceMs)}: ${reason}`,
    { details: { quarantine: id } },
  );
}

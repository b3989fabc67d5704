import { XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import { deployingLock } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { migratedDatabase, saveMigrated } from './rows.ts';

/**
 * Names a database with the schema that it had before this root server knew it.
 * @throws XylemError E_CONFLICT once something was migrated here
 */
export async function adoptDatabase(
  root: Root,
  who: string,
  environment: EnvironmentRow,
  { database, schema }: { readonly database: string; readonly schema: number },
): Promise<void> {
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment.id));
    const row = await migratedDatabase(trx, environment.id, database);
    if (row.last !== null) {
      throw new XylemError(
        'E_CONFLICT',
        `${database} was migrated here: it serves schema ${row.shapes.oldest} to ${row.shapes.newest}.`,
      );
    }
    const shapes = { oldest: schema, newest: schema };
    await saveMigrated(trx, { ...row, first: schema, shapes }, nowMs);
    await appendAudit(trx, nowMs, {
      who,
      what: 'migration.adopt',
      subject: `database/${database}`,
      environment: environment.id,
      before: row.shapes,
      after: shapes,
    });
  });
  await root.directing.publish(environment.id);
}

/**
 * Leaves a host out of the count of the next contract: what it runs is ended when it comes back with the old version.
 * @returns the schema of that contract
 */
export async function excludeHost(
  root: Root,
  who: string,
  environment: EnvironmentRow,
  host: HostRecord,
  { database, reason }: { readonly database: string; readonly reason: string },
): Promise<number> {
  if (host.environment !== environment.id)
    throw new XylemError('E_NOT_FOUND', `${host.name} is no host of ${fullName(environment)}.`);
  const nowMs = root.clock.now();
  return await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment.id));
    const { shapes } = await migratedDatabase(trx, environment.id, database);
    const to = shapes.newest + 1;
    const values = { reason, excluded_by: who, since_ms: nowMs };
    await trx
      .insertInto('migration_exclusions')
      .values({ environment: environment.id, database, host: host.id, to, ...values })
      .onConflict((c) => c.columns(['environment', 'database', 'host', 'to']).doUpdateSet(values))
      .execute();
    await appendAudit(trx, nowMs, {
      who,
      what: 'migration.exclude',
      subject: `host/${host.id}`,
      environment: environment.id,
      after: { database, to, reason },
    });
    return to;
  });
}

import {
  type MigrationOrder,
  type MigrationReport,
  noShapes,
  type PackageDocument,
  type ShapeChange,
  type Shapes,
} from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import { storedPackage } from '../publishing/parsed.ts';

/** The last order about a database, and what became of it. */
export interface LastOrder {
  readonly order: MigrationOrder;
  readonly change: ShapeChange;
  /** The runner. */
  readonly host: string;
  readonly state: 'running' | 'done' | 'failed';
  /** The runner's last word under this term. */
  readonly report: MigrationReport | null;
  /** What the database served before the step was first begun. */
  readonly before: Shapes;
  /** A program that changes the database may have been started, under this term or one before it of the same step. */
  readonly begun: boolean;
  readonly by: string;
  readonly startedMs: number;
}

/** A database that hosts of an environment share, its JSON read. */
export interface MigratedDatabase {
  readonly environment: string;
  readonly database: string;
  readonly product: string | null;
  readonly component: string | null;
  readonly first: number;
  readonly shapes: Shapes;
  readonly term: number;
  readonly last: LastOrder | null;
}

const readRow = (row: Selectable<Tables['migrated_databases']>): MigratedDatabase => ({
  environment: row.environment,
  database: row.database,
  product: row.product,
  component: row.component,
  first: row.first,
  shapes: { oldest: row.oldest, newest: row.newest },
  term: row.term,
  last: row.last === null ? null : (JSON.parse(row.last) as LastOrder),
});

export async function migratedIn(db: Database, environment: string): Promise<MigratedDatabase[]> {
  const query = db.selectFrom('migrated_databases').selectAll().where('environment', '=', environment);
  return (await query.orderBy('database').execute()).map(readRow);
}

/** One that was never named here has nothing. */
export async function migratedDatabase(
  db: Database,
  environment: string,
  database: string,
): Promise<MigratedDatabase> {
  const known = (await migratedIn(db, environment)).find((one) => one.database === database);
  const fresh = { product: null, component: null, first: 0, shapes: noShapes, term: 0, last: null };
  return known ?? { environment, database, ...fresh };
}

export async function saveMigrated(trx: Database, one: MigratedDatabase, nowMs: number): Promise<void> {
  const { environment, database, shapes, last, ...rest } = one;
  const values = {
    ...rest,
    ...shapes,
    last: last === null ? null : JSON.stringify(last),
    updated_ms: nowMs,
  };
  await trx
    .insertInto('migrated_databases')
    .values({ environment, database, ...values })
    .onConflict((c) => c.columns(['environment', 'database']).doUpdateSet(values))
    .execute();
}

export async function backupsOf(db: Database, environment: string, database: string) {
  return await db
    .selectFrom('migration_backups')
    .selectAll()
    .where('environment', '=', environment)
    .where('database', '=', database)
    .orderBy('term', 'desc')
    .execute();
}

export async function exclusionsOf(db: Database, environment: string, database: string) {
  return await db
    .selectFrom('migration_exclusions')
    .selectAll()
    .where('environment', '=', environment)
    .where('database', '=', database)
    .orderBy('since_ms')
    .execute();
}

/** The documents of packages, by digest; those that are not here are left out. */
export async function documentsOf(
  db: Database,
  digests: Iterable<string>,
): Promise<Map<string, PackageDocument>> {
  const wanted = [...new Set(digests)];
  const found = new Map<string, PackageDocument>();
  for (let at = 0; at < wanted.length; at += 500) {
    const rows = await db
      .selectFrom('packages')
      .select(['package', 'document'])
      .where('package', 'in', wanted.slice(at, at + 500))
      .execute();
    for (const row of rows) found.set(row.package, storedPackage(row.document));
  }
  return found;
}

import { Kysely } from 'kysely';
import { postgresColumns, sqliteColumns } from './column-types.ts';
import { migrate } from './migrate.ts';
import { isPostgresGone, openPostgres, unreachable } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { Database, Tables } from './tables.ts';

export type DatabaseConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/**
 * Opens the database and brings it to the present schema. Destroy it to close it.
 * @throws XylemError E_STATE_VERSION, E_STORAGE (PostgreSQL can't be reached)
 */
export async function openDatabase(config: DatabaseConfig): Promise<Database> {
  const isSqlite = config.kind === 'sqlite';
  const db = new Kysely<Tables>({ dialect: isSqlite ? openSqlite(config.file) : openPostgres(config.url) });
  try {
    await migrate(db as unknown as Kysely<unknown>, isSqlite ? sqliteColumns : postgresColumns);
    return db;
  } catch (error) {
    await db.destroy();
    if (config.kind === 'postgres' && isPostgresGone(error)) throw unreachable(config.url, error);
    throw error;
  }
}

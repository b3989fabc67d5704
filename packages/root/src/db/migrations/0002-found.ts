import type { Kysely } from 'kysely';

/** What a restored root server learns from its tree about hosts, kept until they are registered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('found_hosts')
    .addColumn('host', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('entry', 'text')
    .addColumn('name', 'text')
    .addColumn('key', 'text')
    .addColumn('serves', 'text')
    .addColumn('certificate_expires_ms', 'bigint')
    .execute();
  await db.schema
    .createTable('found_directions')
    .addColumn('environment', 'text', (c) => c.primaryKey())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('snapshot_version', 'bigint', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .execute();
}

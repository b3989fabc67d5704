import type { Kysely } from 'kysely';

/** Deployments that are looked after once they have succeeded (docs/spec/deployments.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deployment_watches')
    .addColumn('deployment', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('seen', 'text')
    .addColumn('reason', 'text')
    .addColumn('ended_ms', 'bigint')
    .execute();
  await db.schema
    .createIndex('deployment_watches_open')
    .on('deployment_watches')
    .columns(['state', 'environment'])
    .execute();
}

import type { Kysely } from 'kysely';

/** Moves of hosts between tenants (docs/spec/moves.md), and who made an API token, for the four-eyes rule. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('move_requests')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('from_environment', 'text', (c) => c.notNull())
    .addColumn('to_environment', 'text')
    .addColumn('to_name', 'text', (c) => c.notNull())
    .addColumn('keep_data', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('asked', 'text', (c) => c.notNull())
    .addColumn('asked_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_ms', 'bigint', (c) => c.notNull())
    .addColumn('gives', 'text')
    .addColumn('takes', 'text')
    .addColumn('parents', 'text', (c) => c.notNull())
    .addColumn('ended_ms', 'bigint')
    .addColumn('ended_side', 'text')
    .addColumn('reason', 'text')
    .execute();
  await db.schema
    .createTable('moved_hosts')
    .addColumn('move', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('entry', 'text')
    .addColumn('left_ms', 'bigint')
    .addColumn('came_ms', 'bigint')
    .addColumn('report', 'text')
    .addColumn('reported_ms', 'bigint')
    .addPrimaryKeyConstraint('moved_hosts_key', ['move', 'host'])
    .execute();
  await db.schema.createIndex('moved_hosts_host').on('moved_hosts').column('host').execute();
  await db.schema.alterTable('api_tokens').addColumn('made_by', 'text').execute();
  await db.schema.alterTable('hosts').addColumn('releases', 'text').execute();
}

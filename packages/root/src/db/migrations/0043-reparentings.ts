import type { Kysely } from 'kysely';

/** Hosts that change their parents in batches, and what is said of relays (docs/spec/reparenting.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('hosts').addColumn('most_children', 'bigint').execute();
  await db.schema.alterTable('hosts').addColumn('drained_ms', 'bigint').execute();
  await db.schema
    .createTable('reparentings')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('relay', 'text')
    .addColumn('replacement', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('ends_as', 'text')
    .addColumn('go_order', 'text', (c) => c.notNull())
    .addColumn('back_order', 'text', (c) => c.notNull())
    .addColumn('batch', 'bigint', (c) => c.notNull())
    .addColumn('waited_ms', 'bigint', (c) => c.notNull())
    .addColumn('looked_ms', 'bigint', (c) => c.notNull())
    .addColumn('first_batch', 'bigint', (c) => c.notNull())
    .addColumn('most_failed', 'bigint', (c) => c.notNull())
    .addColumn('asked_by', 'text', (c) => c.notNull())
    .addColumn('asked_ms', 'bigint', (c) => c.notNull())
    .addColumn('ended_ms', 'bigint')
    .addColumn('note', 'text')
    .execute();
  await db.schema
    .createTable('reparented_hosts')
    .addColumn('reparenting', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('tenant', 'text', (c) => c.notNull())
    .addColumn('rank', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('batch', 'bigint')
    .addColumn('parents', 'text', (c) => c.notNull())
    .addColumn('former', 'text', (c) => c.notNull())
    .addColumn('code', 'text')
    .addColumn('message', 'text')
    .addPrimaryKeyConstraint('reparented_hosts_pk', ['reparenting', 'host'])
    .execute();
  await db.schema
    .createIndex('reparented_hosts_host')
    .on('reparented_hosts')
    .columns(['host', 'state'])
    .execute();
}

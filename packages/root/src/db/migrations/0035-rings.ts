import type { Kysely } from 'kysely';

/** Stages that are judged as one (docs/spec/plans.md, The verdict of a ring). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('plan_rings')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('stage', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('plan_rings_key', ['plan', 'stage'])
    .execute();
  await db.schema
    .createTable('plan_ring_environments')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('watched', 'text')
    .addColumn('unfit', 'text', (c) => c.notNull())
    .addColumn('offline_after_ms', 'bigint', (c) => c.notNull())
    .addColumn('unwell_ms', 'bigint')
    .addPrimaryKeyConstraint('plan_ring_environments_key', ['plan', 'environment'])
    .execute();
  await db.schema
    .createIndex('plan_ring_environments_watched')
    .on('plan_ring_environments')
    .columns(['watched', 'environment'])
    .execute();
  await db.schema
    .createTable('plan_evidence')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('stage', 'bigint', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('plan_evidence_key', ['plan', 'stage', 'number'])
    .execute();
}

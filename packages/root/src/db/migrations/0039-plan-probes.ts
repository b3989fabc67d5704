import type { Kysely } from 'kysely';

/** Probes that stand in plans themselves (docs/spec/plans.md, Probes). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('plan_probes')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('stage', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('probe', 'text', (c) => c.notNull())
    .addColumn('anywhere', 'bigint', (c) => c.notNull())
    .addColumn('result', 'text')
    .addPrimaryKeyConstraint('plan_probes_key', ['plan', 'stage', 'name'])
    .execute();
}

import type { Kysely } from 'kysely';

/** Jobs that plans order between their stages (docs/spec/plans.md, Tests). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('job_runs').addColumn('plan', 'text').execute();
  await db.schema.createIndex('job_runs_plan').on('job_runs').columns(['plan', 'state']).execute();
  await db.schema
    .createTable('plan_tests')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('stage', 'bigint', (c) => c.notNull())
    .addColumn('begun_ms', 'bigint', (c) => c.notNull())
    .addColumn('passed_ms', 'bigint')
    .addPrimaryKeyConstraint('plan_tests_key', ['plan', 'stage'])
    .execute();
}

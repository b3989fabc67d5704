import type { Kysely } from 'kysely';

/** Orders to look beforehand, by which plan (docs/spec/plans.md, Preflights). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('job_runs').addColumn('preflight_of', 'text').execute();
  await db.schema.alterTable('job_runs').addColumn('preflight_stands', 'integer').execute();
  await db.schema
    .createIndex('job_runs_preflight')
    .on('job_runs')
    .columns(['preflight_of', 'environment'])
    .execute();
}

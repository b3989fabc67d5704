import type { Kysely } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** Jobs of packages that hosts were ordered to run (docs/spec/jobs.md). */
export async function up(db: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('job_runs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('package', 'text', (c) => c.notNull())
    .addColumn('release', 'text')
    .addColumn('job', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('stopped', 'integer', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('note', 'text')
    .addColumn('ordered_by', 'text', (c) => c.notNull())
    .addColumn('ordered_ms', 'bigint', (c) => c.notNull())
    .addColumn('timeout_ms', 'bigint', (c) => c.notNull())
    .addColumn('deadline_ms', 'bigint', (c) => c.notNull())
    .addColumn('started_ms', 'bigint')
    .addColumn('finished_ms', 'bigint')
    .addColumn('result', 'text')
    .addColumn('report', bytes)
    .execute();
  await db.schema.createIndex('job_runs_of').on('job_runs').columns(['environment', 'ordered_ms']).execute();
  await db.schema.createIndex('job_runs_open').on('job_runs').columns(['state', 'environment']).execute();
}

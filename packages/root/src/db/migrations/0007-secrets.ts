import type { Kysely } from 'kysely';

/** Sealed values, whose keys they are sealed by, and those keys wrapped for hosts (docs/spec/secrets.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) =>
    db.schema.createTable(name).addColumn('environment', 'text', (c) => c.notNull());
  await table('secret_states')
    .addColumn('revision', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('secret_states_key', ['environment'])
    .execute();
  await table('secret_generations')
    .addColumn('generation', 'bigint', (c) => c.notNull())
    .addColumn('recipient', 'text', (c) => c.notNull())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('secret_generations_key', ['environment', 'generation'])
    .execute();
  await table('secret_values')
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('set_ms', 'bigint', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('exposed', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('secret_values_key', ['environment', 'component', 'key'])
    .execute();
  await table('secret_wraps')
    .addColumn('generation', 'bigint', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('recipient', 'text', (c) => c.notNull())
    .addColumn('age', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('secret_wraps_key', ['environment', 'generation', 'host'])
    .execute();
}

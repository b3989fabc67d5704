import type { Kysely } from 'kysely';

/** Which tokens of CI systems are exchanged for what, which were, and the API tokens that came of it (docs/spec/people.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('ci_rules')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('audience', 'text', (c) => c.notNull())
    .addColumn('claims', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('ci_used')
    .addColumn('token', 'text', (c) => c.primaryKey())
    .addColumn('until_ms', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('ci_tokens')
    .addColumn('api_token', 'text', (c) => c.notNull())
    .addColumn('rule', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('ci_tokens_key', ['api_token', 'rule'])
    .execute();
}

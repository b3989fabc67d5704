import { type Kysely, sql } from 'kysely';

/** Grants, people and their sessions (docs/spec/people.md). API tokens that are there keep their power. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  await table('grants')
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('grants_key', ['subject', 'role', 'scope'])
    .execute();
  await sql`insert into grants (subject, role, scope, created_ms)
    select 'api-token/' || id, role, '*', created_ms from api_tokens`.execute(db);
  // An operator of the first version also published.
  await sql`insert into grants (subject, role, scope, created_ms)
    select 'api-token/' || id, 'publisher', '*', created_ms from api_tokens where role = 'operator'`.execute(
    db,
  );
  const tokens = db.schema.alterTable('api_tokens');
  await tokens.dropColumn('role').execute();
  await tokens.addColumn('expires_ms', 'bigint').execute();
  await tokens.addColumn('used_ms', 'bigint').execute();
  await table('people')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('password', 'text')
    .addColumn('disabled', 'integer', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('password_ms', 'bigint')
    .execute();
  await table('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('grants', 'text')
    .addColumn('from_address', 'text')
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_ms', 'bigint', (c) => c.notNull())
    .addColumn('used_ms', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('sessions_subject').on('sessions').column('subject').execute();
  await table('sign_in_failures')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('failures', 'bigint', (c) => c.notNull())
    .addColumn('last_ms', 'bigint', (c) => c.notNull())
    .execute();
}

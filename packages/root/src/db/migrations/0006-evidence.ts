import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** Retired releases, and statements about releases and packages (docs/spec/evidence.md). */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable('releases')
    .addColumn('retired', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable('evidence')
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('envelope_digest', 'text', (c) => c.notNull())
    .addColumn('envelope', 'text', (c) => c.notNull())
    .addColumn('added_by', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('evidence_key', ['product', 'digest', 'envelope_digest'])
    .execute();
  await (kind === 'sqlite' ? refuseInSqlite(db) : refuseInPostgres(db));
}

async function refuseInSqlite(db: Kysely<unknown>): Promise<void> {
  for (const change of ['update', 'delete']) {
    const trigger = `create trigger evidence_no_${change} before ${change} on evidence
      begin select raise(abort, 'evidence is append-only'); end`;
    await sql.raw(trigger).execute(db);
  }
}

async function refuseInPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`create function xylem_evidence_refuse() returns trigger language plpgsql as
    $$ begin raise exception 'evidence is append-only'; end $$`.execute(db);
  await sql`create trigger evidence_append_only before update or delete on evidence
    for each row execute function xylem_evidence_refuse()`.execute(db);
  await sql`create trigger evidence_no_truncate before truncate on evidence
    for each statement execute function xylem_evidence_refuse()`.execute(db);
}

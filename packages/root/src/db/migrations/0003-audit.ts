import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * The audit log of docs/spec/audit.md. Entries there already keep the rule that they were hashed by (format 0) and
 * the chain goes on behind them. Sequences come from the head's row from now on, so that they leave no number out.
 */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  const audit = db.schema.alterTable('audit');
  await audit.addColumn('format', 'integer', (c) => c.notNull().defaultTo(0)).execute();
  await audit.addColumn('from_address', 'text').execute();
  await audit.addColumn('environment', 'text').execute();
  if (kind === 'postgres') await sql`alter table audit alter column sequence drop identity`.execute(db);
  await db.schema.createIndex('audit_environment').on('audit').columns(['environment', 'sequence']).execute();
  await db.schema
    .createTable('audit_head')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('sequence', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
  await sql`insert into audit_head (id, sequence, hash)
    select 1, coalesce(max(sequence), 0), coalesce((select hash from audit order by sequence desc limit 1), '')
    from audit`.execute(db);
  await db.schema
    .createTable('audit_checkpoints')
    .addColumn('sequence', 'bigint', (c) => c.primaryKey())
    .addColumn('time_ms', 'bigint', (c) => c.notNull())
    .addColumn('envelope', 'text', (c) => c.notNull())
    .execute();
  await (kind === 'sqlite' ? refuseInSqlite(db) : refuseInPostgres(db));
}

const tables = ['audit', 'audit_checkpoints'] as const;

async function refuseInSqlite(db: Kysely<unknown>): Promise<void> {
  for (const table of tables) {
    for (const change of ['update', 'delete']) {
      await sql
        .raw(
          `create trigger ${table}_no_${change} before ${change} on ${table}
           begin select raise(abort, 'the audit log is append-only'); end`,
        )
        .execute(db);
    }
  }
}

async function refuseInPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`create function xylem_audit_refuse() returns trigger language plpgsql as
    $$ begin raise exception 'the audit log is append-only'; end $$`.execute(db);
  for (const table of tables) {
    await sql
      .raw(
        `create trigger ${table}_append_only before update or delete on ${table}
         for each row execute function xylem_audit_refuse()`,
      )
      .execute(db);
    await sql
      .raw(
        `create trigger ${table}_no_truncate before truncate on ${table}
         for each statement execute function xylem_audit_refuse()`,
      )
      .execute(db);
  }
}

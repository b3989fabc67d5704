import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** Which parents hosts have by rule (docs/spec/reparenting.md, Rules). Triggers say who is due, whoever writes. */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('parent_rules')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('priority', 'bigint', (c) => c.notNull())
    .addColumn('selector', 'text', (c) => c.notNull())
    .addColumn('parents', 'text', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('set_ms', 'bigint', (c) => c.notNull())
    .addColumn('note', 'text')
    .addPrimaryKeyConstraint('parent_rules_pk', ['environment', 'name'])
    .execute();
  await db.schema.alterTable('hosts').addColumn('parents_rule', 'text').execute();
  await db.schema
    .alterTable('hosts')
    .addColumn('rule_due_ms', 'bigint', (c) => c.defaultTo(0))
    .execute();
  await db.schema.alterTable('reparentings').addColumn('rule', 'text').execute();
  await db.schema.alterTable('reparented_hosts').addColumn('former_rule', 'text').execute();
  await sql`create index hosts_rule_due on hosts (environment) where rule_due_ms is not null`.execute(db);
  await (kind === 'sqlite' ? dueInSqlite(db) : dueInPostgres(db));
}

const columns = 'labels, environment, parents';
const isDue = `old.labels <> new.labels or old.environment <> new.environment
  or (old.parents <> new.parents and new.parents = '[]')`;

async function dueInSqlite(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create trigger hosts_rule_due after update of ${columns} on hosts when ${isDue}
       begin update hosts set rule_due_ms = 0 where id = new.id; end`,
    )
    .execute(db);
}

async function dueInPostgres(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create function xylem_hosts_rule_due() returns trigger language plpgsql as $$
       begin if ${isDue} then new.rule_due_ms := 0; end if; return new; end $$`,
    )
    .execute(db);
  await sql
    .raw(
      `create trigger hosts_rule_due before update of ${columns} on hosts
       for each row execute function xylem_hosts_rule_due()`,
    )
    .execute(db);
}

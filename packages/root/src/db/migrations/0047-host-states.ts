import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * The state of each host as `xylem status` counts them, and the counts (docs/spec/reports.md, What the root server
 * keeps). What hosts' rows say comes by triggers, whoever writes; what reports say is written with them.
 */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('host_states')
    .addColumn('host', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text')
    .addColumn('retired', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('revoked', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('reported_in', 'text')
    .addColumn('says', 'text')
    .addColumn('heard_ms', 'bigint')
    .addColumn('state', 'text', (c) => c.generatedAlwaysAs(sql.raw(state)).stored())
    .execute();
  await sql`insert into host_states (host, environment, retired, revoked, reported_in, heard_ms)
    select h.id, h.environment, h.retired, case when h.revoked_ms is null then 0 else 1 end, r.environment,
    r.received_ms from hosts as h left join reports as r on r.host = h.id`.execute(db);
  await sql`create index host_states_heard on host_states (environment, state, heard_ms)`.execute(db);
  await db.schema
    .createTable('state_counts')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('hosts', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('state_counts_key', ['environment', 'state'])
    .execute();
  await sql`insert into state_counts (environment, state, hosts)
    select environment, state, count(*) from host_states group by environment, state`.execute(db);
  await sql`create index hosts_cloned on hosts (environment) where cloned is not null`.execute(db);
  // Who remembers quarantines: a few, and of the others none is to be read.
  await db.schema.alterTable('reports').addColumn('holds', 'integer').execute();
  await sql`update reports set holds = 1 where document like '%"held":["%'`.execute(db);
  await sql`create index reports_holding on reports (environment) where holds is not null`.execute(db);
  // Hosts in the order of their pages.
  await db.schema.dropIndex('host_components_running').execute();
  await db.schema
    .createIndex('host_components_running')
    .on('host_components')
    .columns(['environment', 'product', 'component', 'version', 'retired', 'name', 'host'])
    .execute();
  // For which version of direction the states are: none yet.
  await db.schema
    .alterTable('directions')
    .addColumn('states_number', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute();
  await (kind === 'sqlite' ? countInSqlite(db) : countInPostgres(db));
}

/** Null: not registered, and so not counted. */
const state = `case when environment is null then null when revoked = 1 then 'revoked' when retired = 1 then 'retired'
  when says is null or reported_in <> environment then 'joined' else says end`;

const add = `insert into state_counts (environment, state, hosts) values (new.environment, new.state, 1)
  on conflict (environment, state) do update set hosts = state_counts.hosts + 1;`;
const take =
  'update state_counts set hosts = hosts - 1 where environment = old.environment and state = old.state;';
const columns = 'environment, retired, revoked_ms';
const tellStates = `insert into host_states (host, environment, retired, revoked)
  values (new.id, new.environment, new.retired, case when new.revoked_ms is null then 0 else 1 end)
  on conflict (host) do update set environment = excluded.environment, retired = excluded.retired,
  revoked = excluded.revoked;`;
const forget = 'delete from host_states where host = old.id;';

async function countInSqlite(db: Kysely<unknown>): Promise<void> {
  const trigger = async (name: string, when: string, then: string): Promise<void> => {
    await sql.raw(`create trigger ${name} after ${when} begin ${then} end`).execute(db);
  };
  const isOther = 'old.state is not new.state or old.environment is not new.environment';
  const change = 'update of environment, retired, revoked, reported_in, says on host_states';
  await trigger('state_comes', 'insert on host_states when new.state is not null', add);
  await trigger('state_goes', 'delete on host_states when old.state is not null', take);
  await trigger('state_leaves', `${change} when old.state is not null and (${isOther})`, take);
  await trigger('state_returns', `${change} when new.state is not null and (${isOther})`, add);
  await trigger('states_found', 'insert on hosts', tellStates);
  await trigger('states_told', `update of ${columns} on hosts`, tellStates);
  await trigger('states_gone', 'delete on hosts', forget);
}

async function countInPostgres(db: Kysely<unknown>): Promise<void> {
  const trigger = async (name: string, when: string, then: string): Promise<void> => {
    await sql
      .raw(
        `create function xylem_${name}() returns trigger language plpgsql as $$ begin ${then} return null; end $$`,
      )
      .execute(db);
    await sql
      .raw(`create trigger ${name} after ${when} for each row execute function xylem_${name}()`)
      .execute(db);
  };
  const isSame = `if tg_op = 'UPDATE' then if old.state is not distinct from new.state
    and old.environment is not distinct from new.environment then return null; end if; end if;`;
  const old = `if tg_op <> 'INSERT' then if old.state is not null then ${take} end if; end if;`;
  const now = `if tg_op <> 'DELETE' then if new.state is not null then ${add} end if; end if;`;
  await trigger('state_counted', 'insert or delete or update on host_states', `${isSame} ${old} ${now}`);
  // Whoever takes reports holds it (`countingLock`): rows are written in one order.
  const lock = `insert into settings (key, value) values ('lock/running-counts', '')
    on conflict (key) do update set value = '';`;
  const then = `${lock} if tg_op = 'DELETE' then ${forget} else ${tellStates} end if;`;
  await trigger('states_told', `insert or delete or update of ${columns} on hosts`, then);
}

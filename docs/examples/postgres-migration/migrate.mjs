// Runs the steps of a migration of a PostgreSQL database under the fence of docs/spec/migrations.md, with `psql` and
// `pg_dump` alone. Copy it into your package's folder. Arguments: run FILE, undo FILE, backup, restore.
//
// FILE is one batch: SQL that ends in a query whose one column `checkpoint` says where the next batch goes on, and is
// null when there is nothing left. In it, :'checkpoint' is what the batch before said, '' for the first. Its
// transaction is this program's: it must not commit.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [action, file] = process.argv.slice(2);
const input = JSON.parse(readFileSync(0, 'utf8'));
const { database, term, config } = input;
const from = Number(input.from);
const to = Number(input.to);
const phase = `${input.action} ${input.phase ?? ''}`.trim();
const step = input.action === 'undo' ? from : to;
const fenced = 76;
/** So long a runner that was stopped in a transaction holds the lock. */
const idleMs = Number(config.fenceIdleMs ?? 30_000);

/** Values never become SQL text: psql quotes them where the text says :'name'. */
const values = { database, term, from, to, step, phase };

function psql(script, more = {}) {
  const variables = Object.entries({ ...values, ...more }).map(([name, value]) => `--set=${name}=${value}`);
  const args = [
    '--no-psqlrc',
    '--quiet',
    '--tuples-only',
    '--no-align',
    '--set=ON_ERROR_STOP=1',
    ...variables,
  ];
  const done = spawnSync('psql', [...args, '--dbname', config.databaseUrl, '--file=-'], {
    input: `set client_min_messages = warning;
set idle_in_transaction_session_timeout = ${idleMs};
set client_connection_check_interval = 1000;
${script}`,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.error) fail(`psql can't be started: ${done.error.message}`);
  if (done.status !== 0) fail(done.stderr.trim() || `psql ended with ${done.status}`);
  return done.stdout.trim();
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const table = `create table if not exists xylem_migration (database text primary key, term bigint not null,
  schema bigint not null, step bigint not null, phase text not null, checkpoint text not null);`;

/** Locks the row to the end of the transaction; leaves the script where a higher term stands there. */
const lock = `select term > :'term'::bigint as fenced, schema, checkpoint
  from xylem_migration where database = :'database' for update \\gset row_
\\if :row_fenced
rollback;
\\echo fenced
\\quit
\\endif
`;

/** From here on an earlier runner is fenced, also before the first batch. */
function claim() {
  const said = psql(`${table}
begin;
insert into xylem_migration values (:'database', :'term', :'from', :'step', :'phase', '')
  on conflict (database) do nothing;
${lock}
update xylem_migration set term = :'term', step = :'step', phase = :'phase',
  checkpoint = case when step = :'step' and phase = :'phase' then checkpoint else '' end
  where database = :'database';
commit;
select schema || ' ' || checkpoint from xylem_migration where database = :'database';
`);
  if (said === 'fenced') process.exit(fenced);
  const [schema, ...checkpoint] = said.split(' ');
  return { schema: Number(schema), checkpoint: checkpoint.join(' ') };
}

function migrate() {
  const batch = readFileSync(file, 'utf8').trim().replace(/;$/, '');
  const { schema, checkpoint: before } = claim();
  let checkpoint = before;
  // A crash came between the last batch and the word that it was the last.
  if (schema === to) return;
  if (schema !== from)
    fail(`${database} says that it has schema ${schema}, and this step follows on ${from}.`);
  for (;;) {
    const said = psql(
      `begin;
${lock}
${batch}
\\gset said_
\\if :{?said_checkpoint}
update xylem_migration set checkpoint = :'said_checkpoint' where database = :'database';
\\else
update xylem_migration set schema = :'to', checkpoint = '' where database = :'database';
\\endif
commit;
select schema || ' ' || checkpoint from xylem_migration where database = :'database';
`,
      { checkpoint },
    );
    if (said === 'fenced') process.exit(fenced);
    const [now, ...rest] = said.split(' ');
    if (Number(now) === to) return;
    checkpoint = rest.join(' ');
    console.log(JSON.stringify({ checkpoint }));
  }
}

/** All but the fence: its term outlives a restore. */
function backUp() {
  const args = ['--format=plain', '--no-owner', '--clean', '--if-exists', '--exclude-table=xylem_migration'];
  const done = spawnSync('pg_dump', [...args, `--file=${input.backup.path}`, config.databaseUrl], {
    encoding: 'utf8',
  });
  if (done.error) fail(`pg_dump can't be started: ${done.error.message}`);
  if (done.status !== 0) fail(done.stderr.trim());
}

/** In one transaction with the fence: all of it, or nothing. */
function restore() {
  claim();
  const said = psql(
    `begin;
${lock}
\\i :backup
reset search_path;
update xylem_migration set schema = :'to', step = :'to', phase = 'restore', checkpoint = '' where database = :'database';
commit;
`,
    { backup: input.backup.path },
  );
  if (said.split('\n').includes('fenced')) process.exit(fenced);
}

if (action === 'backup') backUp();
else if (action === 'restore') restore();
else if (action === 'run' || action === 'undo') migrate();
else fail('expected run FILE, undo FILE, backup or restore');

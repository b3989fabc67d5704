import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Digest, type MigrationOrder, parsePackage, sha256, type Version } from '@xylem/core';
import { parseManifestYaml } from '@xylem/core/yaml';
import { cleanup, postgres, run, type StartedProcess, startProcess, waitUntil } from '@xylem/testkit';
import { stateLayout } from '../state/layout.ts';
import { findMarked } from '../supervisor/marked.ts';
import { temporaryFolder } from '../testing/state-folder.ts';
import { markOf } from './carry-out.ts';
import { type RunRecord, reportOf } from './record.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);
const skip = 'skip' in server ? server.skip : false;

const example = fileURLToPath(new URL('../../../../docs/examples/postgres-migration', import.meta.url));
const main = fileURLToPath(new URL('../testing/migration-main.ts', import.meta.url));
const environment = 'e0'.repeat(16);
const slow = 60_000;

/** A database with customers, and the example's package to migrate it by. */
async function shop(t: TestContext, name: string, rows: number) {
  assert.ok(!('skip' in server));
  const url = await server.createDatabase(name);
  const sql = async (text: string): Promise<string> =>
    (await run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', text])).stdout.trim();
  await sql(`create table customers (id bigint primary key, full_name text, note text);
    insert into customers select i, 'First' || i || ' Last' || i, md5(i::text) from generate_series(1, ${rows}) i`);
  const fixtures = await temporaryFolder(t);
  const tree = sha256('tree');
  await cp(example, join(fixtures, tree), { recursive: true });
  const yaml = await readFile(join(example, 'xylem.yaml'), 'utf8');
  const manifest = parseManifestYaml(yaml, 'xylem.yaml');
  const document = parsePackage({ ...manifest.package, variants: [{ tree, sizeBytes: 1 }] });
  const placed = {
    component: 'shop-db',
    product: 'shop',
    kind: 'files',
    release: sha256('release'),
    package: sha256('package'),
    version: '2.0.0',
    deployment: null,
    domain: 'd0'.repeat(16),
    tree,
    sizeBytes: 1,
    after: [],
    config: { databaseUrl: url, fenceIdleMs: 1_000 },
    document,
  };
  const orderOf = (term: number, more: Partial<MigrationOrder>): MigrationOrder => ({
    database: 'shop',
    term,
    action: 'run',
    to: 1,
    product: 'shop',
    component: 'shop-db',
    release: sha256('release'),
    package: sha256('package'),
    version: '2.0.0' as Version,
    ...more,
  });
  /** The runner of one host, with what is ordered of it. */
  const runner = async (stateFolder: string, order: MigrationOrder): Promise<StartedProcess> => {
    await mkdir(stateFolder, { recursive: true });
    const path = join(stateFolder, 'ordered.json');
    await writeFile(path, JSON.stringify({ fixtures, migrations: [{ order, placed }] }));
    return await startProcess({ context: t, command: process.execPath, args: [main, stateFolder, path] });
  };
  const placeOf = (stateFolder: string) => stateLayout(stateFolder).migration(environment, 'shop');
  const recordOf = async (stateFolder: string): Promise<RunRecord> =>
    JSON.parse(await readFile(placeOf(stateFolder).record, 'utf8')) as RunRecord;
  const carryOut = async (stateFolder: string, order: MigrationOrder): Promise<RunRecord> => {
    const started = await runner(stateFolder, order);
    await started.exited;
    return await recordOf(stateFolder).catch((cause: unknown) => {
      throw new Error(started.stderr(), { cause });
    });
  };
  /** Every row of every column that is there, as one digest. */
  const rowsNow = () => sql(`select md5(string_agg(md5(c::text), '' order by id)) from customers c`);
  return { sql, runner, carryOut, recordOf, placeOf, orderOf, rowsNow };
}

const atCheckpoint = async (started: StartedProcess, least: number): Promise<number> =>
  await waitUntil(
    () => {
      const said = [...started.stdout().matchAll(/"checkpoint":"(\d+)"/g)].map(([, id]) => Number(id));
      const last = said.at(-1) ?? 0;
      return last >= least ? last : null;
    },
    slow,
    `checkpoint ${least}`,
  );

/** A million by hand. */
const manyRows = Number(process.env.XYLEM_MIGRATED_ROWS ?? 200_000);

test('many rows are expanded and backfilled, killed half-way and finished, and every way back gives the rows before', {
  skip,
}, async (t) => {
  const { sql, runner, carryOut, recordOf, placeOf, orderOf, rowsNow } = await shop(t, 'many', manyRows);
  const state = await temporaryFolder(t);
  const begin = await rowsNow();

  assert.equal((await carryOut(state, orderOf(1, { to: 1, phase: 'expand' }))).state, 'done');
  const expanded = await rowsNow();
  const backfill = orderOf(2, { to: 2, phase: 'backfill' });
  const first = await runner(state, backfill);
  const reached = await atCheckpoint(first, manyRows * 0.4);
  const orphans = findMarked(markOf(placeOf(state)));
  await first.kill('SIGKILL');
  assert.ok(orphans.length > 0, 'the program ran');
  assert.equal((await recordOf(state)).state, 'running');

  const again = await runner(state, backfill);
  await again.waitForLine(/"checkpoint"/, slow);
  await again.exited;
  const filled = await recordOf(state);
  assert.deepEqual([filled.state, filled.attempt], ['done', 2]);
  const checkpoints = [...again.stdout().matchAll(/"checkpoint":"(\d+)"/g)].map(([, id]) => Number(id));
  assert.ok(Math.min(...checkpoints) >= reached - 10_000, `${checkpoints[0]} goes on from about ${reached}`);
  const wrong = `select count(*) from customers where first_name is distinct from 'First' || id
    or last_name is distinct from 'Last' || id or full_name <> 'First' || id || ' Last' || id`;
  assert.equal(await sql(wrong), '0');
  assert.equal(findMarked(markOf(placeOf(state))).length, 0);
  const complete = await rowsNow();

  // A contract can't be undone: a backup comes first, and the way back is to restore it.
  const contracted = await carryOut(state, orderOf(3, { to: 3, phase: 'contract' }));
  assert.equal(contracted.state, 'done', contracted.message ?? '');
  const { backup } = reportOf(contracted);
  assert.ok(backup !== undefined && backup.sizeBytes > manyRows * 10);
  assert.equal(sha256(await readFile(backup.path)), backup.digest);
  assert.notEqual(await rowsNow(), complete);
  const back = { action: 'restore' as const, to: 2, backup: { term: 3, digest: backup.digest } };
  const restored = await carryOut(state, orderOf(4, back));
  assert.equal(restored.state, 'done', restored.message ?? '');
  assert.equal(await rowsNow(), complete);
  assert.equal(await sql('select term, schema from xylem_migration'), '4|2', 'the fence outlives a restore');

  assert.equal(
    (await carryOut(state, orderOf(5, { action: 'undo', to: 1, phase: 'backfill' }))).state,
    'done',
  );
  assert.equal(await rowsNow(), expanded);
  assert.equal((await carryOut(state, orderOf(6, { action: 'undo', to: 0, phase: 'expand' }))).state, 'done');
  assert.equal(await rowsNow(), begin);
});

test('a runner that is paused and comes back late is fenced by the database, and writes nothing more', {
  skip,
}, async (t) => {
  const { sql, runner, carryOut, recordOf, placeOf, orderOf, rowsNow } = await shop(t, 'fenced', 200_000);
  const [early, late] = [await temporaryFolder(t), await temporaryFolder(t)];
  await carryOut(early, orderOf(1, { to: 1, phase: 'expand' }));
  const expanded = await rowsNow();
  const first = await runner(early, orderOf(2, { to: 2, phase: 'backfill' }));
  await atCheckpoint(first, 30_000);
  // Agent and program alike, wherever they are just now: also in the middle of a transaction.
  const paused = [{ pid: first.pid }, ...findMarked(markOf(placeOf(early)))].map(({ pid }) => pid);
  for (const pid of paused) process.kill(pid, 'SIGSTOP');
  assert.ok(paused.length >= 2);

  const second = await carryOut(late, orderOf(3, { to: 2, phase: 'backfill' }));
  assert.equal(second.state, 'done', second.message ?? '');
  assert.equal(await sql('select count(*) from customers where first_name is null'), '0');
  // By now all is different from what the first would write next: any row of its would show.
  const undone = await carryOut(late, orderOf(4, { action: 'undo', to: 1, phase: 'backfill' }));
  assert.equal(undone.state, 'done', undone.message ?? '');
  assert.equal(await rowsNow(), expanded);

  for (const pid of paused) process.kill(pid, 'SIGCONT');
  await first.exited;
  const fenced = await recordOf(early);
  // Stopped in a transaction it finds that ended by the server; between two it meets the higher term.
  assert.ok(['fenced', 'failed'].includes(fenced.state), `${fenced.state}: ${fenced.message}`);
  assert.equal(await rowsNow(), expanded);
  assert.equal(await sql('select term, schema from xylem_migration'), '4|1');

  const retried = await carryOut(await temporaryFolder(t), orderOf(2, { to: 2, phase: 'backfill' }));
  assert.equal(retried.state, 'fenced', retried.message ?? '');
  assert.equal(retried.code, 'E_MIGRATION_FENCED');
  assert.equal(await rowsNow(), expanded);
});

test('a backup that is gone or was changed is not restored, and nothing is begun', { skip }, async (t) => {
  const { carryOut, orderOf, rowsNow } = await shop(t, 'spoilt', 10);
  const state = await temporaryFolder(t);
  await carryOut(state, orderOf(1, { to: 1, phase: 'expand' }));
  await carryOut(state, orderOf(2, { to: 2, phase: 'backfill' }));
  const { backup } = reportOf(await carryOut(state, orderOf(3, { to: 3, phase: 'contract' })));
  assert.ok(backup);
  const before = await rowsNow();
  const restore = (term: number, digest: Digest) =>
    carryOut(state, orderOf(term, { action: 'restore', to: 2, backup: { term: 3, digest } }));
  const other = await restore(4, sha256('other'));
  assert.deepEqual([other.state, other.begun], ['failed', false]);
  await writeFile(backup.path, 'drop table customers;');
  const changed = await restore(5, backup.digest);
  assert.deepEqual([changed.state, changed.begun], ['failed', false]);
  assert.match(changed.message ?? '', /is not as it was when it was made/);
  assert.equal(await rowsNow(), before);
});

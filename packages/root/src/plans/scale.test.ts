import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { silentLog, systemRandomness } from '@xylem/platform';
import { openRepository } from '@xylem/store';
import { restoredState } from '../backup/restored-state.ts';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { databaseOf, readConfig, statePaths } from '../state/folder.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { testDatabases } from '../testing/databases.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { createPlanDriver } from './driver.ts';
import { preparePlan, type WantedStage } from './prepare.ts';
import { startPlan } from './start.ts';

const hour = 3_600_000;

/** A root server that has a release, and is stopped: what it does with plans is done here, over its database. */
async function stopped(t: TestContext, database: Pick<RootFixtureOptions, 'database'> = {}) {
  const clock = shiftedClock(-20 * 24 * hour);
  const root = await rootFixture(t, { clock, ...database });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.running().close();
  const paths = statePaths(root.folder);
  const repository = await openRepository(paths.repository);
  const opened = async () => await openDatabase(databaseOf(paths, await readConfig(paths)));
  const over = async (db: Database) => {
    const options = { db, clock, randomness: systemRandomness, repository };
    const restored = await restoredState(db);
    const driver = createPlanDriver({ ...options, restored, log: silentLog, follow: () => undefined });
    const planned = (stages: readonly WantedStage[]) =>
      preparePlan(
        options,
        { kind: 'deploy', product: 'shop', version: '1.0.0', stages },
        { by: 'anna', origin: 'person/anna' },
      );
    return { driver, planned, start: (id: string) => startPlan(options, { id, who: 'anna' }) };
  };
  return { clock, opened, over };
}

/** Each of a tenant of its own, without hosts. */
async function tenants(db: Database, count: number): Promise<EnvironmentRow[]> {
  const rows = Array.from({ length: count }, (_, index) => ({
    id: String(index).padStart(32, '0'),
    tenant: `t-${String(index).padStart(4, '0')}`,
    environment: 'production',
    yaml: `environment: t-${String(index).padStart(4, '0')}/production\nproducts: { shop: {} }\n`,
    yaml_version: 1,
    created_ms: 0,
  }));
  await db
    .insertInto('tenants')
    .values(rows.map(({ tenant }) => ({ tenant, created_ms: 0 })))
    .execute();
  await db.insertInto('environments').values(rows).execute();
  return rows;
}

/** As if the hosts of all that was begun had done what was asked of them. @returns how many that were */
async function succeed(db: Database, plan: string, nowMs: number): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('deployments')
    .set({ state: 'succeeded', finished_ms: nowMs })
    .where('plan', '=', plan)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

test('what a look, a begin and a start ask of the database does not grow with the environments; preparing is linear', async (t) => {
  for (const { kind, skip, options } of await testDatabases(t)) {
    await t.test(kind, { skip }, async (own) => {
      const { clock, opened, over } = await stopped(own, await options('statements'));
      const db = await opened();
      own.after(() => db.destroy());
      const all = await tenants(db, 84);
      const { counted, of } = countedStatements(db);
      const { driver, planned, start } = await over(counted);
      const costs = async (environments: readonly EnvironmentRow[]) => {
        let id = '';
        const prepare = await of(async () => {
          id = await planned([{ name: 'all', atOnce: 1, environments }]);
        });
        const starting = await of(() => start(id));
        const look = await of(() => driver.drive(id));
        assert.equal(await succeed(db, id, clock.now()), 1);
        const begin = await of(() => driver.drive(id));
        assert.equal(await succeed(db, id, clock.now()), 1);
        return { prepare, others: { starting, look, begin } };
      };
      const few = await costs(all.slice(0, 12));
      const more = await costs(all.slice(12, 36));
      const many = await costs(all.slice(36));
      assert.deepEqual([more.others, many.others], [few.others, few.others]);
      assert.equal(many.prepare - more.prepare, 2 * (more.prepare - few.prepare));
      assert.ok(few.others.look <= 8, `a look asks ${few.others.look} times`);
    });
  }
});

test('a plan of 300 environments goes through its stages though the root server is started anew', async (t) => {
  const { clock, opened, over } = await stopped(t);
  let db = await opened();
  t.after(() => db.destroy());
  const all = await tenants(db, 300);
  const { planned, start } = await over(db);
  const id = await planned([
    { name: 'first', soakSeconds: 24 * 3600, environments: all.slice(0, 30) },
    { name: 'rest', atOnce: '20%', environments: all.slice(30) },
  ]);
  const restart = async () => {
    await db.destroy();
    db = await opened();
    const { driver } = await over(db);
    await driver.driveAll();
    return driver;
  };
  const state = async () =>
    await db.selectFrom('plans').select('state').where('id', '=', id).executeTakeFirst();
  assert.equal((await start(id)).length, 30);
  await restart();
  assert.equal(await succeed(db, id, clock.now()), 30);
  await restart();
  assert.equal(await succeed(db, id, clock.now()), 0);
  clock.pass(25 * hour);
  const rounds: number[] = [];
  for (let begun = -1; begun !== 0; rounds.push(begun)) {
    await restart();
    begun = await succeed(db, id, clock.now());
  }
  assert.deepEqual(rounds, [54, 54, 54, 54, 54, 0]);
  assert.equal((await state())?.state, 'finished');

  const places = await db
    .selectFrom('deployments')
    .select('environment')
    .where('plan', '=', id)
    .distinct()
    .execute();
  assert.equal(places.length, 300);
});

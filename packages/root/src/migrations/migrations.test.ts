import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { lookUpHost, sha256, type Time } from '@xylem/core';
import { cleanup, postgres, waitUntil } from '@xylem/testkit';
import type { FakeHost } from '../testing/fake-host.ts';
import { migratedFleet } from '../testing/migrated-fleet.ts';
import type { RootFixtureOptions } from '../testing/root-fixture.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;
const backup = {
  path: '/var/lib/xylem/host/migrations/shop/backups/1',
  digest: sha256('backup'),
  sizeBytes: 1_000,
  time: '2026-11-21T03:28:06Z' as Time,
};

test('phases follow each other; a contract waits for every host, offline ones included, and closes the way back', async (t) => {
  const { root, params, a, b, deploy, runs, order, shown, says, schemas } = await migratedFleet(t);
  await deploy('1.0.0');
  for (const host of [a, b]) await runs(host);
  await deploy('2.0.0');
  assert.deepEqual((await shown()).next, { to: 1, phase: 'expand' });
  await assert.rejects(order({ phase: 'contract' }), code('E_MIGRATION_ORDER'));
  const expand = await order({ phase: 'expand' });
  await assert.rejects(order({}), code('E_MIGRATION_ORDER'), 'one at a time');
  await schemas(0, 0);
  await says(expand);
  await schemas(0, 1);
  const backfill = await order({ phase: 'backfill' });
  assert.ok(backfill.term > expand.term);
  await says(backfill, { state: 'running', checkpoint: '510000' });
  assert.equal((await shown()).last?.checkpoint, '510000');
  await says(backfill);
  await schemas(0, 2);

  await runs(a);
  const refused = await order({ phase: 'contract' }).catch((error: unknown) => error as Error);
  assert.ok(refused instanceof Error && code('E_MIGRATION_NEEDED')(refused));
  assert.match(refused.message, /1 host needs .*: b runs shop-api 1\.0\.0, which accepts 0 to 0/);
  assert.deepEqual(
    (await shown()).waitsFor.map(({ name }) => name),
    ['b'],
  );
  // The way back is open as long as the old shape is there.
  await root.api('deploymentCreate', {
    body: { kind: 'rollback', product: 'shop', version: '1.0.0', environments: ['production'], dryRun: true },
  });
  const body = { database: 'shop', host: 'b', reason: 'Stolen in May.' };
  assert.equal((await root.api('migrationExclude', { params, body })).to, 3);
  const contract = await order({ phase: 'contract', runner: 'a' });
  // What goes is taken away before it begins to go.
  await schemas(3, 2);
  await assert.rejects(deploy('1.0.0', 'rollback'), code('E_MIGRATION_CONTRACTED'));
  await says(contract, { state: 'backing-up', begun: false });
  await says(contract, { backup });
  await schemas(3, 3);
  const [kept] = (await shown()).backups;
  assert.deepEqual(
    [kept?.path, kept?.digest, kept?.sizeBytes, kept?.oldest, kept?.newest],
    [backup.path, backup.digest, 1_000, 0, 2],
  );

  const why = await deploy('1.0.0', 'rollback').catch((error: unknown) => error as Error);
  assert.ok(why instanceof Error);
  assert.match(why.message, new RegExp(`contract to 3 has taken that away.*--backup ${contract.term}`));
  await assert.rejects(order({ action: 'restore', backup: 1 }), code('E_NOT_FOUND'));
  await assert.rejects(
    order({ action: 'restore', backup: contract.term, runner: 'b' }),
    code('E_MIGRATION_ORDER'),
  );
  const restore = await order({ action: 'restore', backup: contract.term });
  assert.deepEqual([restore.runner.name, restore.to], ['a', 2]);
  await says(restore);
  await schemas(0, 2);
  await deploy('1.0.0', 'rollback');

  const whats = (await root.api('auditList', { query: {} })).entries.map(({ entry }) => entry.what);
  for (const what of ['run', 'done', 'exclude', 'restore'])
    assert.ok(whats.includes(`migration.${what}`), `${what} is in the audit log`);
});

test('what failed before it began gives the shape back; what began keeps it until it is finished or undone', async (t) => {
  const { a, b, deploy, runs, order, says, schemas, shown } = await migratedFleet(t);
  await deploy('2.0.0');
  for (const host of [a, b]) await runs(host);
  await says(await order({}));
  const failed = await order({});
  await says(failed, { state: 'failed', code: 'E_MIGRATION_FAILED', message: 'It ended with 1.' });
  await schemas(0, 1);
  assert.equal((await shown()).last?.message, 'It ended with 1.');
  const undo = await order({ action: 'undo' });
  assert.equal(undo.to, 1, 'what is half done is taken back from there');
  await assert.rejects(order({}), code('E_MIGRATION_ORDER'));
  await says(undo);
  await says(await order({}));
  const noBackup = await order({});
  await schemas(3, 2);
  await says(noBackup, { state: 'failed', begun: false, code: 'E_MIGRATION_FAILED', message: 'No room.' });
  await schemas(0, 2);
  await says(await order({}), { state: 'failed', code: 'E_MIGRATION_FAILED', message: 'It was killed.' });
  await schemas(3, 2);
  await assert.rejects(order({ action: 'undo' }), code('E_MIGRATION_ORDER'));
  await says(await order({}));
  await schemas(3, 3);
});

test('another runner takes over by a word and the next term; the former one has nothing more to say', async (t) => {
  const options: RootFixtureOptions =
    'skip' in server ? {} : { database: { kind: 'postgres', url: await server.createDatabase('takeover') } };
  const { id, a, b, state, deploy, runs, order, says, shown } = await migratedFleet(t, options);
  await deploy('2.0.0');
  for (const host of [a, b]) await runs(host);
  const first = await order({ runner: 'a' });
  const second = await order({ takeOver: true });
  assert.equal(second.runner.name, 'b');
  assert.ok(second.term > first.term);
  const ordered = async (host: FakeHost) => {
    const { hostMap } = await state();
    const node = async (digest: string) => (await host.get(`/o/${id}/${digest}`)).body;
    return (await lookUpHost(hostMap, host.id, node))?.migrate;
  };
  assert.equal(await ordered(a), undefined);
  assert.equal((await ordered(b))?.[0]?.term, second.term);
  await a.report(undefined, {
    migrations: [
      {
        database: 'shop',
        term: first.term,
        action: 'run',
        to: 1,
        state: 'done',
        begun: true,
        attempt: 1,
        since: '2026-11-21T03:28:06Z' as Time,
      },
    ],
  });
  await says(second, { state: 'running', checkpoint: '1' });
  assert.equal((await shown()).newest, 0);
  await says(second);
  assert.equal((await shown()).newest, 1);
  await waitUntil(
    async () => (await ordered(b)) === undefined || null,
    30_000,
    'what is done is ordered no more',
  );
});

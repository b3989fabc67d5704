import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { migratedFleet } from '../testing/migrated-fleet.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const hour = 3_600_000;

test('a deployment runs the steps that it brings, also over a restart, and its contract a day after', async (t) => {
  const clock = shiftedClock(-72 * hour);
  const policy = 'policy:\n  migrations: { run: with-deployments, contractAfter: 24h }\n';
  const { root, a, b, deploy, runs, shown, says } = await migratedFleet(t, { clock }, policy);
  const started = await deploy('2.0.0');
  const id = started.deployments[0]?.id ?? assert.fail();
  const ordered = (to: number) =>
    waitUntil(
      async () => {
        const { last } = await shown();
        return last !== null && last.to === to && last.state === 'running' ? last : null;
      },
      60_000,
      `the step to ${to} is ordered`,
    );
  const expand = await ordered(1);
  assert.deepEqual([expand.phase, expand.by], ['expand', `deployment/${id}`]);
  await root.restart();
  await says(expand);
  const backfill = await ordered(2);
  await says(backfill, {
    state: 'failed',
    code: 'E_MIGRATION_FAILED',
    message: 'It ended with 1.',
  });
  const events = async (kind: string) =>
    (await root.api('deploymentEvents', { params: { id }, query: {} })).events.filter(
      (event) => event.kind === kind,
    );
  await waitUntil(async () => (await events('migration-failed')).length === 1, 60_000, 'it is told');
  await root.restart();
  const failed = (await events('migration-failed'))[0];
  assert.match(failed?.message ?? '', /shop: The last step failed: It ended with 1\. Nothing more/);
  // A person looks, and orders it again.
  await root.api('migrationOrder', {
    params: { tenant: 'default', environment: 'production' },
    body: { database: 'shop', action: 'run' },
  });
  await says(await ordered(2));
  for (const host of [a, b]) await runs(host);
  await waitUntil(
    async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded',
    60_000,
    'the deployment has succeeded',
  );
  assert.deepEqual((await shown()).next, { to: 3, phase: 'contract' });
  assert.deepEqual(
    (await events('migration')).map(({ message }) => message.replace(/ is run by .*/, '')),
    ['The expand of shop to schema 1', 'The backfill of shop to schema 2'],
    'and no contract yet',
  );
  assert.equal((await events('migration-failed')).length, 1, 'once');
  clock.pass(25 * hour);
  await root.restart();
  assert.equal((await ordered(3)).phase, 'contract');
});

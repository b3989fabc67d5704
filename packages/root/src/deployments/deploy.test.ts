import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { ApiProblem } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('publishes, deploys, follows reports to the end, rolls back and undeploys', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one', 'a/b.txt': 'x'.repeat(100_000) });
  await shop.publish('shop-web', '2.0.0', { 'index.html': 'two', 'a/b.txt': 'x'.repeat(100_000) });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await shop.release('2.0.0', { 'shop-web': '2.0.0' });

  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 3 } });
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => fakeHost(root, token, { name })));
  const folder = await tempFolder(t, 'tuf');

  const deploy = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/production'] },
  });
  const first = deploy.deployments[0]?.id ?? '';
  for (const host of hosts) {
    const state = await host.desiredState(`${folder}/${host.id}`);
    assert.equal(state.assignments[0]?.version, '1.0.0');
    assert.equal(await host.report(state.assignments), 202);
  }
  await waitUntil(
    async () => (await root.api('deploymentShow', { params: { id: first } })).state === 'succeeded',
  );
  const status = await root.api('status');
  assert.equal(status.hosts.ok, 3);
  assert.equal(status.environments[0]?.products[0]?.version, '1.0.0');

  // Rolling, one at a time: never more than one admitted and not done.
  const rolling = await root.api('deploymentCreate', {
    body: {
      kind: 'deploy',
      product: 'shop',
      version: '2.0.0',
      environments: ['acme/*'],
      strategy: { kind: 'rolling', maxUnavailable: 1 },
    },
  });
  const second = rolling.deployments[0]?.id ?? '';
  for (let round = 0; round < 3; round += 1) {
    const { progress } = await root.api('deploymentShow', { params: { id: second } });
    assert.equal(progress.updating, 1, `round ${round}`);
    assert.equal(progress.done, round);
    const host = await waitUntil(async () => {
      for (const candidate of hosts) {
        const [component] = (await root.api('hostShow', { params: { host: candidate.id } })).components;
        if (component?.wantedVersion === '2.0.0' && component.version === '1.0.0') return candidate;
      }
      return null;
    });
    const state = await host.desiredState(`${folder}/${host.id}`);
    await host.report([state.assignments[0] ?? assert.fail()]);
    await waitUntil(async () => {
      const now = await root.api('deploymentShow', { params: { id: second } });
      return now.progress.done === round + 1 && (now.progress.updating === 1 || round === 2);
    });
  }
  await waitUntil(
    async () => (await root.api('deploymentShow', { params: { id: second } })).state === 'succeeded',
  );
  const { events } = await root.api('deploymentEvents', { params: { id: second } });
  assert.equal(events.at(-1)?.kind, 'succeeded');
  assert.equal(new Set(events.slice(-2).map(({ message }) => message)).size, 2, 'its end is told once');

  const back = await root.api('deploymentCreate', {
    body: { kind: 'rollback', product: 'shop', environments: ['acme/production'] },
  });
  assert.equal(back.deployments[0]?.version, '1.0.0');
  const state = await hosts[0]?.desiredState(`${folder}/${hosts[0].id}`);
  assert.equal(state?.assignments[0]?.version, '1.0.0');
  await hosts[0]?.report(state?.assignments ?? []);
  const { deployments } = await root.api('deploymentList', {});
  const doneOf = (id: string) => deployments.find((one) => one.id === id)?.progress.done;
  assert.deepEqual(
    [doneOf(first), doneOf(second)],
    [3, 3],
    'what came after takes nothing from what was done',
  );

  const gone = await root.api('deploymentCreate', {
    body: { kind: 'undeploy', product: 'shop', environments: ['acme/production'], purgeData: true },
  });
  const overtaken = await root.api('deploymentShow', { params: { id: back.deployments[0]?.id ?? '' } });
  assert.equal(overtaken.state, 'superseded');
  for (const host of hosts) {
    const last = await host.desiredState(`${folder}/${host.id}`);
    assert.deepEqual(last.purge, ['shop-web']);
    await host.report([]);
  }
  await waitUntil(
    async () =>
      (await root.api('deploymentShow', { params: { id: gone.deployments[0]?.id ?? '' } })).state ===
      'succeeded',
  );
  const empty = await hosts[0]?.desiredState(`${folder}/${hosts[0].id}`);
  assert.deepEqual(empty?.assignments, []);
});

test('publishing the same again changes nothing; other bytes under a version are refused', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const one = await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  assert.equal(await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' }), one);
  await assert.rejects(
    shop.publish('shop-web', '1.0.0', { 'index.html': 'other' }),
    (error: unknown) =>
      error instanceof ApiProblem && error.code === 'E_PACKAGE_CONFLICT' && error.status === 409,
  );
  const release = await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await shop.setChannel('stable', '1.0.0');
  const { releases } = await root.api('releaseList', { params: { product: 'shop' } });
  assert.deepEqual(
    releases.map((r) => r.release),
    [release],
  );
});

test('goes on where it was after a restart', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'] },
  });
  const before = await root.api('environmentShow', {
    params: { tenant: 'default', environment: 'production' },
  });
  await root.restart();
  const after = await root.api('environmentShow', {
    params: { tenant: 'default', environment: 'production' },
  });
  assert.deepEqual(after, before);
});

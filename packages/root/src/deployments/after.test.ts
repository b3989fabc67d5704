import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AfterSeen, type AfterWatch, lookAfter } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { replaysWatch } from '../testing/replays.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

test('what fails after it has succeeded goes back, also when the root server began anew meanwhile', async (t) => {
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('web', version, { a: version });
    await shop.release(version, { web: version });
  }
  const name = 'acme/production';
  const policy = { watch: { seconds: 600, onFail: 'rollback' }, strategy: { kind: 'all-at-once' } };
  const yaml = JSON.stringify({ environment: name, products: { shop: {} }, policy });
  await root.api('environmentCreate', { body: { name, yaml } });
  const { token } = await root.api('tokenCreate', { body: { environment: name, uses: 2 } });
  const hosts = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  const [first = assert.fail()] = hosts;
  const folder = await tempFolder(t, 'tuf');
  const show = async (id: string) => await root.api('deploymentShow', { params: { id } });
  const watched = async (id: string) => (await show(id)).watch?.state;
  const all = async () => (await root.api('deploymentList', { query: { product: 'shop' } })).deployments;
  /** Each does what it is told, and says so. */
  const obey = async () => {
    for (const host of hosts) {
      const { assignments } = await host.desiredState(`${folder}/${host.id}`);
      await host.report(assignments.slice(0, 1));
    }
  };
  const deploy = async (version: string) => {
    const body = { kind: 'deploy' as const, product: 'shop', version, environments: [name] };
    const { deployments } = await root.api('deploymentCreate', { body });
    const id = deployments[0]?.id ?? assert.fail();
    await obey();
    await waitUntil(async () => (await show(id)).state === 'succeeded', 60_000);
    return id;
  };
  const fail = async (version: string, healthy: boolean) => {
    const { packages } = await root.api('packageList', { params: { product: 'shop' } });
    const component = {
      component: 'web',
      product: 'shop',
      kind: 'files',
      package: packages.find((one) => one.version === version)?.package,
      version,
      tree: '0'.repeat(64),
      previous: null,
      state: 'installed',
      healthy,
      since: new Date(clock.now()).toISOString().replace(/\.\d+/, ''),
    };
    await first.report(undefined, { components: [component as never] });
  };

  const old = await deploy('1.0.0');
  assert.equal(await watched(old), 'watching');
  const second = await deploy('2.0.0');
  await waitUntil(async () => (await watched(old)) === 'superseded', 60_000);
  // A moment of it is no reason.
  await fail('2.0.0', false);
  await waitUntil(async () => (await show(second)).watch?.failed === 1, 60_000);
  await fail('2.0.0', true);
  await waitUntil(async () => (await show(second)).watch?.failed === 0, 60_000);
  clock.pass(600_000);
  await fail('2.0.0', true);
  await waitUntil(async () => (await watched(second)) === 'passed', 60_000);

  const third = await deploy('3.0.0');
  await fail('3.0.0', false);
  await waitUntil(async () => (await show(third)).watch?.failed === 1, 60_000);
  await root.restart();
  clock.pass(61_000);
  await fail('3.0.0', false);
  await waitUntil(async () => (await watched(third)) === 'failed', 60_000);
  const back = await waitUntil(async () => (await all()).find(({ kind }) => kind === 'rollback'), 60_000);
  assert.deepEqual([back.version, back.createdBy], ['2.0.0', `deployment/${third}`]);
  const { state, watch } = await show(third);
  assert.deepEqual(
    [state, watch?.reason],
    ['succeeded', 'After it had succeeded 1 host of 2 failed; at most 0 may.'],
  );
  const { events } = await root.api('deploymentEvents', { params: { id: third } });
  const end = events.find(({ kind }) => kind === 'watch-failed') ?? assert.fail();
  const known = end.details as { watch: AfterWatch; seen: AfterSeen; at: number; hosts: string[] };
  assert.deepEqual(lookAfter(known.watch, known.seen, known.at), { kind: 'failed', reason: end.message });
  assert.deepEqual(known.hosts, [first.id]);
  // A superseded one ends by one record; one that went bad and well by three; the last through a new start.
  const ends = [];
  for (const id of [old, second, third]) ends.push(await replaysWatch(root, id));
  assert.deepEqual(
    ends.map((one) => [one.state, one.number]),
    [
      ['superseded', 1],
      ['passed', 3],
      ['failed', 2],
    ],
  );
  assert.equal(end.details['evidence'], ends[2]?.digest);
  // A way back is not looked after, and is not undone in turn. It is in the database before it is published.
  await waitUntil(async () => {
    await obey();
    return (await show(back.id)).state === 'succeeded';
  }, 60_000);
  assert.equal((await show(back.id)).watch, undefined);
  // What failed so late needed a person, until the way back had come there.
  const recovered = await waitUntil(async () => {
    const [incident] = (await root.api('incidentList', { query: { kind: 'deployment-failed' } })).incidents;
    return incident?.recovered === null ? null : incident;
  }, 60_000);
  assert.equal(recovered.title, 'The deployment of shop@3.0.0 failed.');
  assert.ok(recovered.secondsToDetect >= 60, 'since it was first seen to fail');
  assert.equal((await all()).length, 4);
});

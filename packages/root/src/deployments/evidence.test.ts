import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { bakesBegun } from '../testing/bakes-begun.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

test('only a relay can say that a silent host lives', async (t) => {
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const joined = async (name: string, serve: boolean) => {
    const { token } = await root.api('tokenCreate', { body: { environment: 'production', serve } });
    return await fakeHost(root, token, { name, serve });
  };
  const silent = await joined('silent', false);
  const heard = await joined('heard', false);
  const plain = await joined('plain', false);
  const relay = await joined('relay', true);
  clock.pass(12 * 3600_000);
  const url = 'https://10.0.0.1:8442';
  const lastSeen = timeOf(clock.now());
  await plain.report([], { serves: { url, children: [{ host: silent.id, lastSeen }] } });
  await relay.report([], { serves: { url, children: [{ host: heard.id, lastSeen }] } });
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'] },
  });
  const id = deployments[0]?.id ?? '';
  const { progress } = await root.api('deploymentShow', { params: { id } });
  assert.equal(progress.offline, 1);
  const state = await relay.desiredState(await tempFolder(t, 'tuf'));
  for (const host of [heard, plain, relay]) await host.report(state.assignments);
  await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).progress.done === 3);
});

test('a bake ends with the report that its host has promised, and by time where none was', async (t) => {
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'web' });
  await host.report([]);
  const { deployments } = await root.api('deploymentCreate', {
    body: {
      kind: 'deploy',
      product: 'shop',
      version: '1.0.0',
      environments: ['production'],
      strategy: { kind: 'all-at-once', bakeSeconds: 60 },
    },
  });
  const params = { id: deployments[0]?.id ?? '' };
  const show = async () => await root.api('deploymentShow', { params });
  await waitUntil(async () => (await show()).progress.updating === 1);
  const { assignments } = await host.desiredState(await tempFolder(t, 'tuf'));
  assert.deepEqual(
    assignments.map(({ bakeSeconds }) => bakeSeconds),
    [60],
  );
  await host.report(assignments.map((one) => ({ ...one, again: 60 })));
  await waitUntil(async () => (await show()).progress.baking === 1);
  await bakesBegun(root, params.id, [host]);
  clock.pass(61_000);
  assert.equal((await show()).progress.baking, 1, 'the time alone does not end it');
  await host.report(assignments);
  await waitUntil(async () => (await show()).state === 'succeeded');
});

test('who may not begin before a window is said, and is not taken for busy', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'web' });
  await host.report([]);
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'] },
  });
  const params = { id: deployments[0]?.id ?? '' };
  const show = async () => await root.api('deploymentShow', { params });
  await waitUntil(async () => (await show()).progress.updating === 1);
  const state = await host.desiredState(await tempFolder(t, 'tuf'));
  const waits = (component: string) => ({
    waiting: [{ component, code: 'E_OUTSIDE_WINDOW', message: 'Until 22:00.', since: timeOf(Date.now()) }],
  });
  await host.report([], waits('another'));
  assert.equal((await show()).progress.keptBack, 0);
  await host.report([], waits('shop-web'));
  const { progress, reason } = await show();
  assert.deepEqual([progress.updating, progress.keptBack], [1, 1]);
  assert.match(reason ?? '', /1 not before their window/);
  await host.report(state.assignments);
  await waitUntil(async () => (await show()).state === 'succeeded');
});

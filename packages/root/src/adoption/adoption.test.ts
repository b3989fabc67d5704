import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Time, Version } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const observing = { since: '2026-11-21T03:00:00Z' as Time, by: 'anna as root', orders: true };
const differs = {
  component: 'shop-api' as never,
  order: 'a'.repeat(32),
  outcome: 'differs' as const,
  at: '2026-11-21T04:00:00Z' as Time,
  by: 'the director',
  version: '1.0.0' as Version,
  code: 'E_ADOPT_DIFFERS',
  message: 'shop-api was not adopted. One difference: main.js has other bytes.',
};

test('that a host observes, and what it adopts, is shown, and written into the audit log once', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const shown = () => root.api('hostShow', { params: { host: 'a' } });
  await host.report([]);
  assert.equal((await shown()).observing, null);
  for (const adoptions of [[], [], [differs], [differs], [{ ...differs, outcome: 'adopted' as const }]])
    await host.report([], { observing, adoptions });
  const { observing: said, adoptions } = await shown();
  assert.deepEqual(said, observing);
  assert.equal(adoptions[0]?.outcome, 'adopted');
  await host.report([], { observing, adoptions: [differs] });
  const why = await root.api('hostWhy', { params: { host: 'a' } });
  assert.match(why.answer, /observes since .* main\.js has other bytes/);
  await host.report([]);
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  const written = entries
    .map(({ entry }) => entry)
    .filter((entry) => entry['who'] === `host/${host.id}`)
    .map((entry) => entry['what']);
  assert.deepEqual(written, [
    'host.observing',
    'host.adoption-refused',
    'host.adopted',
    'host.adoption-refused',
    'host.observing-ended',
  ]);
});

test('an order to adopt names the component and nothing else, and each is one of its own', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  await fakeHost(root, token, { name: 'a' });
  const order = async (more: { undo?: boolean; dryRun?: boolean } = {}) => {
    await root.api('hostAdopt', { body: { select: { hosts: ['a'] }, component: 'shop-api', ...more } });
    const { entries } = await root.api('auditList', { query: { limit: '1000' } });
    const said = entries
      .map(({ entry }) => entry)
      .filter((entry) => entry['what'] === 'host.adopt' || entry['what'] === 'host.give-back')
      .map(({ after }) => JSON.parse((after as { adopt: string }).adopt) as object);
    return said as { 'shop-api': { order: string; undo?: boolean } }[];
  };
  assert.deepEqual(await order({ dryRun: true }), []);
  await order();
  await order();
  const [first, second, third] = await order({ undo: true });
  assert.match(first?.['shop-api'].order ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(Object.keys(first?.['shop-api'] ?? {}), ['order']);
  assert.notEqual(first?.['shop-api'].order, second?.['shop-api'].order);
  assert.equal(third?.['shop-api'].undo, true);
});

test('a deployment counts on an observing host once that has adopted the component', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('api', version, { 'a.txt': version });
    await shop.release(version, { api: version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 2 } });
  const [led, observer] = [
    await fakeHost(root, token, { name: 'led' }),
    await fakeHost(root, token, { name: 'observer' }),
  ];
  const folder = await tempFolder(t, 'tuf');
  /** @param adopts whether the observing host runs what it is given, too */
  const eligible = async (version: string, adopts: boolean): Promise<unknown> => {
    const body = {
      kind: 'deploy' as const,
      product: 'shop',
      version,
      environments: ['acme/production'],
      strategy: { kind: 'all-at-once' as const },
    };
    const id = (await root.api('deploymentCreate', { body })).deployments[0]?.id ?? '';
    const { assignments } = await led.desiredState(`${folder}/${version}`);
    const given = assignments.slice(0, 1);
    await observer.report(adopts ? given : [], { observing });
    await led.report(given);
    return await waitUntil(async () => {
      const { state, progress } = await root.api('deploymentShow', { params: { id } });
      return state === 'running' ? null : { state, eligible: progress.eligible };
    });
  };
  await observer.report([], { observing });
  assert.deepEqual(await eligible('1.0.0', false), { state: 'succeeded', eligible: 1 });
  await observer.report((await led.desiredState(`${folder}/adopted`)).assignments, { observing });
  assert.deepEqual(await eligible('2.0.0', true), { state: 'succeeded', eligible: 2 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Time, Version } from '@xylem/core';
import { fakeHost } from '../testing/fake-host.ts';
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Time, Version } from '@xylem/core';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('what people on a host took back is written into the audit log once, and once when they undid it', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const revert = {
    product: 'shop',
    reason: 'checkout fails',
    since: '2026-11-21T03:00:00Z' as Time,
    by: 'anna as root',
    kept: [{ component: 'api', version: '1.0.0' as Version }],
  };
  const written = async () => {
    const { entries } = await root.api('auditList', { query: { limit: '1000' } });
    return entries
      .map(({ entry }) => entry)
      .filter((entry) => String(entry['what']).startsWith('host.revert'))
      .map((entry) => [entry['what'], entry['who'], entry['before'], entry['after']]);
  };
  await host.report([]);
  assert.deepEqual(await written(), []);
  await host.report([], { reverts: [revert] });
  await host.report([], { reverts: [revert] });
  const first = ['host.reverted', `host/${host.id}`, null, revert];
  assert.deepEqual(await written(), [first]);
  await host.report([]);
  await host.report([]);
  assert.deepEqual(await written(), [first, ['host.revert-undone', `host/${host.id}`, revert, null]]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, lookUpHost, type Time, type Version } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
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

test('an operator undoes the return that a host reported last, and no later one', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 2 } });
  const host = await fakeHost(root, token, { name: 'a' });
  await fakeHost(root, token, { name: 'b' });
  const since = '2026-11-21T03:00:00Z' as Time;
  const revert = { product: 'shop', reason: 'it fails', since, by: 'anna', kept: [] };
  const undo = (product: string, dryRun = false) =>
    root.api('hostUndoRevert', { body: { select: { environments: ['*/production'] }, product, dryRun } });
  const folder = await tempFolder(t, 'tuf');
  const said = async () => {
    const { hostMap } = await host.desiredState(folder);
    const node = async (digest: string) =>
      (await host.get(`/o/${host.answer.environment.id}/${digest}`)).body;
    return (await lookUpHost(hostMap as Digest, host.id, node))?.undo;
  };
  assert.equal((await undo('shop')).changed, 0, 'none took it back');
  await host.report([], { reverts: [revert] });
  assert.equal((await undo('other')).changed, 0);
  assert.equal((await undo('shop', true)).changed, 1);
  assert.equal(await said(), undefined);
  assert.equal((await undo('shop')).changed, 1);
  assert.deepEqual(await said(), { shop: since });
  assert.equal((await undo('shop')).changed, 0, 'it was told already');
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.equal(entries.at(-1)?.entry['what'], 'host.undo-revert');
});

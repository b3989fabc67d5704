import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

async function fleet(t: Parameters<typeof rootFixture>[0]) {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  const yaml =
    'environment: acme/production\nproducts:\n  shop:\n    components:\n      shop-web: { where: role = web }\n';
  await root.api('environmentCreate', { body: { name: 'acme/production', yaml } });
  const created = await root.api('tokenCreate', {
    body: { environment: 'acme/production', uses: 9, labels: { site: 'muc' } },
  });
  const a = await fakeHost(root, created.token, { name: 'a' });
  const b = await fakeHost(root, created.token, { name: 'b' });
  const tuf = await tempFolder(t, 'tuf');
  return {
    root,
    a,
    b,
    token: created.token,
    stateOf: (host: typeof a) => host.desiredState(join(tuf, host.id)),
  };
}

test('labels, moves and retires by one selector language, with counts', async (t) => {
  const { root, a, b } = await fleet(t);
  const dry = await root.api('hostLabel', {
    body: { select: { where: 'name = a' }, set: { role: 'web' }, dryRun: true },
  });
  assert.deepEqual([dry.count, dry.changed], [1, 1]);
  assert.deepEqual((await root.api('hostShow', { params: { host: 'a' } })).labels, { site: 'muc' });
  const labelled = await root.api('hostLabel', { body: { select: { hosts: ['a'] }, set: { role: 'web' } } });
  assert.deepEqual([labelled.count, labelled.changed], [1, 1]);
  const again = await root.api('hostLabel', {
    body: { select: { environments: ['*/production'] }, set: { role: 'web' } },
  });
  assert.deepEqual([again.count, again.changed], [2, 1]);
  assert.equal(
    (await root.api('hostList', { query: { where: 'role = web and site in (muc, fra)' } })).total,
    2,
  );
  await root.api('hostMove', {
    body: { select: { hosts: [b.id.slice(0, 8)] }, parents: ['https://relay:1'] },
  });
  assert.deepEqual((await root.api('hostShow', { params: { host: 'b' } })).parents, ['https://relay:1']);
  await root.api('hostRetire', { body: { select: { hosts: ['b'] } } });
  assert.equal((await root.api('hostList')).total, 1);
  assert.equal((await root.api('hostList', { query: { retired: 'true' } })).total, 2);
  await assert.rejects(root.api('hostList', { query: { where: 'role = ' } }), { code: 'E_SELECTOR' });
  await assert.rejects(root.api('hostShow', { params: { host: 'nobody' } }), { code: 'E_NOT_FOUND' });
  await assert.rejects(
    root.api('hostLabel', { body: { select: { environments: ['nowhere/*'] }, set: {} } }),
    { code: 'E_NOT_FOUND' },
  );
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.ok(entries.some(({ entry }) => entry['what'] === 'host.label' && entry['on'] === `host/${a.id}`));
});

const badChanges = [
  ['hostLabel', { set: { Role: 'web' } }, /Role/],
  ['hostLabel', { set: { role: 'two\nlines' } }, /role/],
  ['hostMove', { parents: ['https://relay:1 '] }, /parents/],
  ['hostConfigure', { component: 'shop-api', set: { text: 'x'.repeat(70_000) } }, /it has 70\d{3} bytes/],
  ['hostConfigure', { component: 'shop-api', set: { text: '\ud800' } }, /surrogate/],
] as const;
for (const [operation, body, message] of badChanges) {
  test(`${operation} refuses what no host map can hold (${String(message)}), and others go on`, async (t) => {
    const { root, a } = await fleet(t);
    const select = { hosts: ['a'] };
    const { labels, config } = await root.api('hostShow', { params: { host: 'a' } });
    for (const dryRun of [true, false]) {
      await assert.rejects(root.api(operation, { body: { select, ...body, dryRun } as never }), {
        code: 'E_INPUT',
        message,
      });
    }
    const after = await root.api('hostShow', { params: { host: a.id } });
    assert.deepEqual([after.labels, after.config], [labels, config]);
    await root.api('hostLabel', { body: { select, set: { role: 'web' } } });
  });
}

test('a token can give no label that no host map can hold', async (t) => {
  const { root } = await fleet(t);
  for (const labels of [{ 'Ro le': 'x' }, { role: 'a\u0000b' }]) {
    await assert.rejects(root.api('tokenCreate', { body: { environment: 'acme/production', labels } }), {
      code: 'E_INPUT',
    });
  }
});

test('says why a host is not where it should be, along the chain', async (t) => {
  const { root, a, stateOf } = await fleet(t);
  const why = async () => (await root.api('hostWhy', { params: { host: 'a' } })).answer;
  await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/production'] },
  });
  assert.match(await why(), /No selector of shop/);
  await root.api('hostLabel', { body: { select: { hosts: ['a'] }, set: { role: 'web' } } });
  assert.match(await why(), /has been offline since before that/);
  const state = await stateOf(a);
  await a.report([]);
  assert.match(await why(), /shop-web 1\.0\.0 is not installed yet/);
  await a.report(state.assignments);
  assert.equal(await why(), 'It runs what it should.');
});

test('a host relabelled in the middle of a deployment keeps what it was given until that ends', async (t) => {
  const { root, a, b, stateOf } = await fleet(t);
  await root.api('hostLabel', { body: { select: {}, set: { role: 'web' } } });
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/production'] },
  });
  const id = deployments[0]?.id ?? '';
  const state = await stateOf(a);
  await a.report(state.assignments);
  await root.api('hostLabel', { body: { select: { hosts: ['a'] }, remove: ['role'] } });
  const during = await root.api('hostShow', { params: { host: 'a' } });
  assert.equal(during.components[0]?.wantedVersion, '1.0.0');
  assert.equal((await root.api('deploymentShow', { params: { id } })).progress.eligible, 2);
  await b.report(state.assignments);
  await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded');
  const after = await waitUntil(async () => {
    const shown = await root.api('hostShow', { params: { host: 'a' } });
    return shown.components[0]?.wantedVersion === null ? shown : null;
  });
  assert.equal(after.components[0]?.version, '1.0.0');
});

test('a token joins as many hosts as it allows, once it is used up or revoked none', async (t) => {
  const { root } = await fleet(t);
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const joined = await Promise.allSettled([
    fakeHost(root, token, { name: 'x' }),
    fakeHost(root, token, { name: 'y' }),
  ]);
  assert.deepEqual(joined.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const second = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 5 } });
  await root.api('tokenDelete', { params: { id: second.id } });
  await assert.rejects(fakeHost(root, second.token, { name: 'z' }), { code: 'E_JOIN_TOKEN' });
  await assert.rejects(
    fakeHost(
      root,
      token.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
      { name: 'z' },
    ),
  );
  const third = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  await assert.rejects(fakeHost(root, third.token, { name: 'r', serve: true }), { code: 'E_FORBIDDEN' });
});

test('a host reads its own environment and nothing of others', async (t) => {
  const { root, a } = await fleet(t);
  await root.api('environmentCreate', { body: { name: 'other/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'other/production' } });
  const stranger = await fakeHost(root, token, { name: 's' });
  const own = `/r/${a.answer.environment.id}/metadata/timestamp.json`;
  assert.equal((await a.get(own)).status, 200);
  const refused = await stranger.get(own);
  const absent = await stranger.get(`/r/${'0'.repeat(32)}/metadata/timestamp.json`);
  assert.deepEqual([refused.status, refused.body.toString()], [absent.status, absent.body.toString()]);
  assert.equal(
    (await stranger.get(`/news?since=${a.answer.environment.id}.0,${stranger.answer.environment.id}.0`))
      .status,
    200,
  );
});

test('shows whether a component was committed with the configuration that is assigned', async (t) => {
  const { root, a, stateOf } = await fleet(t);
  await root.api('hostLabel', { body: { select: { hosts: ['a'] }, set: { role: 'web' } } });
  await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/production'] },
  });
  const [assigned] = (await stateOf(a)).assignments;
  assert.ok(assigned !== undefined);
  const shown = async () =>
    (await root.api('hostShow', { params: { host: 'a' } })).components[0]?.configuration;
  await a.report([assigned]);
  assert.equal(await shown(), null);
  await a.report([{ ...assigned, configured: { color: 'red' } }]);
  assert.equal(await shown(), 'other');
  await a.report([{ ...assigned, configured: {} }]);
  assert.equal(await shown(), 'assigned');
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Version } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { buildRenewRequest } from '@xylem/trust';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { relayCopy } from '../testing/relay-copy.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';

/** One host and one that will be retired in the backup; all others join after it. */
async function grown(t: TestContext) {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const webPackage = await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const joined = async (name: string, options: { labels?: Record<string, string>; serve?: boolean } = {}) => {
    const { labels = {}, serve = false } = options;
    const { token } = await root.api('tokenCreate', { body: { environment: 'production', labels, serve } });
    return await fakeHost(root, token, { name, serve });
  };
  const old = await joined('old', { labels: { role: 'web' } });
  const leaving = await joined('leaving');
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });
  const tuf = await tempFolder(t, 'tuf');
  const stateOf = (host: typeof old) => host.desiredState(join(tuf, host.id));
  return { root, shop, joined, old, leaving, out, stateOf, webPackage };
}

const namesIn = async (root: RootFixture) =>
  (await root.api('hostList')).hosts.map(({ name }) => name).sort();

test('takes in again who joined after the backup, as the host map of a relay knows them', async (t) => {
  const { root, joined, old, leaving, out, stateOf } = await grown(t);
  const relay = await joined('relay', { serve: true, labels: { site: 'muc' } });
  const web = await joined('web', { labels: { role: 'web' } });
  const late = await joined('late', { labels: { role: 'db' } });
  const gone = await joined('gone');
  await root.api('hostRetire', { body: { select: { hosts: ['gone', 'leaving'] } } });
  await root.api('hostLabel', { body: { select: { hosts: ['old'] }, set: { site: 'fra' } } });
  const yaml =
    'environment: default/production\nproducts:\n  shop:\n    components:\n      shop-web: { where: role = web }\n';
  const params = { tenant: 'default', environment: 'production' };
  const { version } = await root.api('environmentYaml', { params });
  await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml } });
  const body = { product: 'shop', version: '1.0.0', environments: ['production'] };
  await root.api('deploymentCreate', { body: { ...body, kind: 'deploy' } });
  const state = await stateOf(web);
  for (const host of [old, web]) await host.report(state.assignments);
  for (const host of [relay, leaving, gone]) {
    await stateOf(host);
    await host.report([]);
  }
  await waitUntil(async () => (await root.api('deploymentList')).deployments[0]?.state === 'succeeded');
  const before = await stateOf(web);
  const url = await relayCopy(t, relay, root.folder);

  const again = await restoredFixture(t, root, out);
  for (const host of [old, leaving, web, late, gone, relay]) host.moveTo(again);
  assert.equal(await relay.report(undefined, { serves: { url, children: [] } }), 202);
  for (const host of [old, web, gone]) assert.equal(await host.report(), 202);
  assert.equal((await web.get(`/watermarks/${web.id}`)).status, 200, 'it need not send that again');
  assert.deepEqual(await namesIn(again), ['leaving', 'old'], 'none is registered before the confirmation');

  const difference = await again.api('restored');
  const shown = difference.joinedHosts.map(({ name, retired, labels }) => ({ name, retired, labels }));
  assert.deepEqual(
    shown.sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'gone', retired: true, labels: {} },
      { name: 'relay', retired: false, labels: { site: 'muc' } },
      { name: 'web', retired: false, labels: { role: 'web' } },
    ],
  );
  assert.equal(difference.awaitedHosts, 1);
  const changes = difference.changedHosts.map(({ name, changed, retired }) => ({ name, changed, retired }));
  assert.deepEqual(
    changes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'leaving', changed: ['retired'], retired: true },
      { name: 'old', changed: ['labels'], retired: false },
    ],
  );
  assert.equal(
    difference.lost.some((sentence) => sentence.startsWith('Labels')),
    false,
  );

  const confirmed = await again.api('restoreConfirm', { body: { keep: 'hosts' } });
  assert.equal(confirmed.hostsTaken, 3);
  assert.deepEqual(await namesIn(again), ['old', 'relay', 'web']);
  const after = await stateOf(web);
  assert.ok(after.number > before.number);
  // Deployed only after the backup, by selector: nobody else gets it, and nobody loses it.
  assert.deepEqual(
    after.assignments.map(({ version: v, where }) => ({ v, where })),
    [{ v: '1.0.0', where: 'role = web' }],
  );
  for (const name of ['old', 'web']) {
    const { components } = await again.api('hostShow', { params: { host: name } });
    assert.equal(components[0]?.wantedVersion, '1.0.0', name);
  }
  assert.deepEqual((await again.api('hostShow', { params: { host: 'old' } })).labels, {
    role: 'web',
    site: 'fra',
  });
  assert.equal((await again.api('hostShow', { params: { host: 'relay' } })).serve, true);
  assert.equal((await web.post('/renew', buildRenewRequest(web.key, web.id))).status, 200);
  for (const host of [gone, leaving]) {
    const refused = await host.post('/renew', buildRenewRequest(host.key, host.id));
    assert.equal(JSON.parse(refused.body.toString()).code, 'E_HOST_RETIRED');
  }

  // Silent until now, and named by the host map: taken in when it reports, also after another start.
  await again.restart();
  assert.equal(await late.report([]), 202);
  await waitUntil(async () => (await namesIn(again)).includes('late'));
  assert.deepEqual((await again.api('hostShow', { params: { host: 'late' } })).labels, { role: 'db' });
});

test('what operators pinned after the backup stays pinned, and what they let go stays let go', async (t) => {
  const { root, joined, old, leaving, out, stateOf, webPackage } = await grown(t);
  const relay = await joined('relay', { serve: true });
  const late = await joined('late');
  // Nobody has `pages`: of a host that is known to lack it, the host map may say the same of its own accord.
  const components = ['shop-web', 'pages'];
  const pinned = { components, reason: 'It is being looked at.' };
  await root.api('hostPin', { body: { select: { hosts: ['old', 'late'] }, ...pinned } });
  await stateOf(relay);
  const url = await relayCopy(t, relay, root.folder);
  const web = { component: 'shop-web', product: 'shop', version: '1.0.0' as Version, package: webPackage };

  const again = await restoredFixture(t, root, out);
  for (const host of [old, leaving, late, relay]) host.moveTo(again);
  await again.api('hostPin', { body: { select: { hosts: ['leaving'] }, ...pinned } });
  await relay.report(undefined, { serves: { url, children: [] } });
  await old.report([web]);
  await leaving.report([web]);
  const { changedHosts } = await again.api('restored');
  assert.deepEqual(changedHosts.map(({ name, changed }) => [name, ...changed].join(' ')).sort(), [
    'leaving pins',
    'old pins',
  ]);
  await again.api('restoreConfirm', { body: { keep: 'hosts' } });
  await late.report([]);
  const pinsOf = async (host: string) =>
    (await again.api('hostShow', { params: { host } })).pinned.map(
      ({ component, by }) => `${component} ${by}`,
    );
  assert.deepEqual(await pinsOf('old'), ['shop-web restore']);
  assert.deepEqual(await pinsOf('leaving'), []);
  await waitUntil(async () => (await namesIn(again)).includes('late'));
  assert.deepEqual(await pinsOf('late'), ['pages restore', 'shop-web restore'], 'what it has is not known');
});

test('revokes again who was revoked after the backup, also a host that joined after it', async (t) => {
  const { root, joined, leaving, out, stateOf } = await grown(t);
  const relay = await joined('relay', { serve: true });
  const stolen = await joined('stolen');
  await root.api('hostRevoke', { body: { select: { hosts: ['leaving', 'stolen'] }, reason: 'stolen' } });
  const before = await stateOf(relay);
  const url = await relayCopy(t, relay, root.folder);

  const again = await restoredFixture(t, root, out);
  for (const host of [relay, leaving, stolen]) host.moveTo(again);
  assert.equal(await relay.report(undefined, { serves: { url, children: [] } }), 202);
  await stolen.report([]);
  await again.api('restoreConfirm', { body: { keep: 'backup' } });
  for (const host of [leaving, stolen]) {
    const { state, revoked } = await again.api('hostShow', { params: { host: host.id } });
    assert.deepEqual([state, revoked?.reason.includes('after the backup')], ['revoked', true]);
    const refused = await host.post('/renew', buildRenewRequest(host.key, host.id));
    assert.equal(JSON.parse(refused.body.toString()).code, 'E_HOST_REVOKED');
    assert.equal((await host.get('/news?since=')).status, 403, 'and its certificate opens nothing');
  }
  assert.deepEqual((await stateOf(relay)).revoked, before.revoked);
});

test('without a relay hosts come back by their certificates, and what is not known is said', async (t) => {
  const { root, joined, out, stateOf } = await grown(t);
  const web = await joined('web', { labels: { role: 'web' } });
  const silent = await joined('silent');
  await root.api('environmentCreate', { body: { name: 'lost/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'lost/production' } });
  const stranded = await fakeHost(root, token, { name: 'stranded' });
  await stateOf(web);

  const again = await restoredFixture(t, root, out);
  for (const host of [web, silent, stranded]) host.moveTo(again);
  assert.equal(await web.report([]), 202);
  assert.equal(await stranded.report([]), 202);
  // Someone else's certificate, or none, is no way in.
  const { certificate } = silent.answer;
  await web.report([], { host: silent.id, certificate });
  const difference = await again.api('restored');
  const [only, ...others] = difference.joinedHosts;
  assert.deepEqual([only?.name, only?.labels, others], ['web', null, []]);
  assert.deepEqual(difference.unknownHosts, [stranded.id]);
  const lost = difference.lost.join('\n');
  assert.match(lost, /Labels, parents and configuration of 1 host\(s\) in default\/production/);
  assert.match(lost, new RegExp(`The environment ${stranded.answer.environment.id} of 1 reporting`));
  await again.api('restoreConfirm', { body: { keep: 'backup' } });
  assert.deepEqual(await namesIn(again), ['leaving', 'old', 'web']);
  await stateOf(web);
  // No operator is known to have had it: a certificate alone opens nothing once a person has confirmed.
  await silent.report([]);
  assert.equal((await silent.get(`/watermarks/${silent.id}`)).status, 404);
  assert.deepEqual(await namesIn(again), ['leaving', 'old', 'web']);
});

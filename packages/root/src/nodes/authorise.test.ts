import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('a node reads nothing of another environment, however it writes the path, and a retired one no products', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const digest = await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  const joined = async (environment: string, name: string) => {
    await root.api('environmentCreate', { body: { name: environment } }).catch(() => null);
    const { token } = await root.api('tokenCreate', { body: { environment } });
    return await fakeHost(root, token, { name });
  };
  const own = await joined('a/production', 'own');
  const leaving = await joined('a/production', 'leaving');
  const stranger = await joined('b/production', 'stranger');
  await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['a/production'] },
  });
  const before = (await root.api('environmentShow', { params: { tenant: 'a', environment: 'production' } }))
    .snapshotVersion;
  const { hostMap } = await own.desiredState(await tempFolder(t, 'tuf'));
  await root.api('hostLabel', { body: { select: { hosts: ['own'] }, set: { role: 'web' } } });
  const { snapshotVersion } = await root.api('environmentShow', {
    params: { tenant: 'a', environment: 'production' },
  });
  const id = own.answer.environment.id;
  const paths = [
    `/o/${shop.domain}/${digest}`,
    `/o/${id}/${hostMap}`,
    `/r/${id}/metadata/timestamp.json`,
    `/r/${id}/metadata/${snapshotVersion}.snapshot.json`,
    `/news/${id}/${before}-${snapshotVersion}`,
  ];
  for (const path of paths) {
    assert.equal((await own.get(path)).status, 200, path);
    const refused = await stranger.get(path);
    const absent = await stranger.get(path.replace(/[0-9a-f]{32,}/, (hex) => '0'.repeat(hex.length)));
    assert.deepEqual([refused.status, refused.body.toString()], [404, absent.body.toString()], path);
  }
  const theirs = stranger.answer.environment.id;
  const confusing = [
    `/o/${theirs}/../${shop.domain}/${digest}`,
    `/o/${theirs}/%2e%2e/${shop.domain}/${digest}`,
    `/o/${theirs}%2f..%2f${shop.domain}/${digest}`,
    `//o/${shop.domain}/${digest}`,
    `/o//${shop.domain}/${digest}`,
    `/O/${shop.domain}/${digest}`,
    `/o/${shop.domain.toUpperCase()}/${digest}`,
    `/r/${theirs}/../${id}/metadata/timestamp.json`,
    `/r/${id}/metadata/../metadata/timestamp.json`,
    `/news/${theirs}/../${id}/${before}-${snapshotVersion}`,
    `/o/${shop.domain}/${digest}?x=/o/${theirs}/`,
  ];
  for (const path of confusing) assert.equal((await stranger.get(path)).status, 404, path);
  const { body } = await stranger.get(`/news?since=${id}.0,${theirs}.0`);
  assert.equal(body.includes(id), false);

  await root.api('hostRetire', { body: { select: { hosts: ['leaving'] } } });
  assert.equal((await leaving.get(`/r/${id}/metadata/timestamp.json`)).status, 200, 'it learns that it is');
  assert.equal((await leaving.get(`/o/${shop.domain}/${digest}`)).status, 404);
  assert.equal((await own.get(`/o/${shop.domain}/${digest}`)).status, 200);
});

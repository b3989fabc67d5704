import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '../testing/api-client.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const isConflict = (error: unknown): boolean => error instanceof ApiProblem && error.code === 'E_CONFLICT';

test('of two who publish at once from the same role one is told so, and nothing is lost', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
  }
  const results = await Promise.allSettled(
    ['1.0.0', '2.0.0', '3.0.0'].map((version) => shop.release(version, { 'shop-web': version })),
  );
  for (const result of results) assert.ok(result.status === 'fulfilled' || isConflict(result.reason));
  assert.ok(results.some(({ status }) => status === 'fulfilled'));
  for (const version of ['1.0.0', '2.0.0', '3.0.0'])
    await shop.release(version, { 'shop-web': version }).catch(() => null);
  const { releases } = await root.api('releaseList', { params: { product: 'shop' } });
  assert.deepEqual(
    releases.map(({ version }) => version),
    ['3.0.0', '2.0.0', '1.0.0'],
  );
});

test('refuses a release whose packages are not here, and one that the role does not vouch for', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const other = await publisher(t, root, 'other');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  const { document } = await root.api('packageShow', {
    params: { product: 'shop', component: 'shop-web', version: '1.0.0' },
  });
  await assert.rejects(
    root.api('packageRegister', { params: { product: other.product }, body: { document } }),
    { code: 'E_INPUT' },
  );
  const { roles } = await root.api('productRoles', { params: { product: 'shop' } });
  const [role] = roles;
  assert.ok(role);
  const release = await root.api('releaseShow', { params: { product: 'shop', version: '1.0.0' } });
  const forged = JSON.stringify({
    domain: shop.domain,
    format: 'xylem-release-1',
    issued: release.issued,
    notes: '',
    packages: release.packages,
    product: 'shop',
    version: '6.6.6',
  });
  await assert.rejects(
    root.api('releaseCreate', {
      params: { product: 'shop' },
      body: {
        document: forged,
        roles: [{ role: role.role, baseVersion: role.version, metadata: role.metadata }],
      },
    }),
    (error: unknown) => error instanceof ApiProblem && error.status === 400,
  );
});

test('refuses packs that lie', async (t) => {
  const root = await rootFixture(t);
  await publisher(t, root, 'shop');
  const pack = 'a'.repeat(64);
  const put = (body: Uint8Array) => root.api('packPut', { params: { product: 'shop', pack }, body });
  await assert.rejects(put(Buffer.from('not a pack')), { code: 'E_OBJECT_DIGEST' });
  const { createHash } = await import('node:crypto');
  const body = Buffer.from(`XYLPACK1${'x'.repeat(500)}`);
  const digest = createHash('sha256').update(body).digest('hex');
  await assert.rejects(root.api('packPut', { params: { product: 'shop', pack: digest }, body }), {
    code: 'E_PACK_INVALID',
  });
});

test('the YAML of an environment is compared and set', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const params = { tenant: 'default', environment: 'production' };
  const { version, yaml } = await root.api('environmentYaml', { params });
  const put = (text: string) =>
    root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml: text } });
  const results = await Promise.allSettled([put(`${yaml}# one\n`), put(`${yaml}# two\n`)]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.ok(results.every((result) => result.status === 'fulfilled' || isConflict(result.reason)));
  await assert.rejects(put('environment: production\nproduct: {}\n'), {
    code: 'E_INPUT',
    message: /product/,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('YAML that names a release that is not there is refused at its place, and nothing is saved', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': '1' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const params = { tenant: 'acme', environment: 'production' };
  const { version, yaml } = await root.api('environmentYaml', { params });
  for (const dryRun of [true, false]) {
    const named = 'environment: acme/production\nproducts:\n  shop:\n    release: 9.9.9\n';
    await assert.rejects(
      root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml: named, dryRun } }),
      { code: 'E_INPUT', message: /:4:14: products\.shop\.release: there is no release shop@9\.9\.9/ },
    );
  }
  const after = await root.api('environmentYaml', { params });
  assert.deepEqual([after.version, after.yaml], [version, yaml]);
  const good = 'environment: acme/production\nproducts:\n  shop:\n    release: 1.0.0\n';
  const saved = await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml: good } });
  assert.equal(saved.version, version + 1);
  const misfit = `${good}    components:\n      shop-web:\n        config: { prot: 80 }\n`;
  await assert.rejects(
    root.api('environmentYamlPut', { params, body: { baseVersion: saved.version, yaml: misfit } }),
    { code: 'E_CONFIG_INVALID', message: /:7:17: products\.shop\.components\.shop-web\.config: .*prot/ },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { firstYaml, withComponents, withProduct } from './edit-yaml.ts';

const specOf = (yaml: string) => parseEnvironmentYaml(yaml, 'test.yaml');

test('the first YAML is valid and stays so, comments kept, as products come', () => {
  const first = firstYaml('acme/production');
  assert.deepEqual(specOf(first).products, {});
  const one = withProduct(first, 'shop', '1.0.0');
  assert.deepEqual(Object.keys(specOf(one).products), ['shop']);
  assert.equal(specOf(one).products['shop']?.release, undefined);
  assert.match(one, /# What runs here/);
  const two = withProduct(one, 'till', null);
  assert.equal(two, one);
  assert.deepEqual(Object.keys(specOf(withProduct(one, 'till', '2.0.0')).products), ['shop', 'till']);
});

test('a pinned release follows what is deployed, and goes with an undeploy', () => {
  const pinned = 'environment: production\nproducts:\n  shop: # ours\n    release: 1.0.0\n';
  const next = withProduct(pinned, 'shop', '2.0.0');
  assert.equal(specOf(next).products['shop']?.release, '2.0.0');
  assert.match(next, /# ours/);
  assert.equal(specOf(withProduct(next, 'shop', null)).products['shop']?.release, undefined);
  assert.equal(withProduct(next, 'shop', '2.0.0'), next);
});

test('maps components to selectors only where the product is not mapped', () => {
  const yaml = withComponents(firstYaml('production'), 'shop', [
    { component: 'shop-web', where: 'id in (a, b)', config: { port: 80 } },
  ]);
  assert.equal(specOf(yaml).products['shop']?.components?.['shop-web']?.where, 'id in (a, b)');
  assert.equal(withComponents(yaml, 'shop', [{ component: 'shop-web', where: 'all' }]), yaml);
});

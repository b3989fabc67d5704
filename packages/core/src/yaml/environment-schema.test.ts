import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { issuesOf } from '../schema/check.ts';
import { parseSchema } from '../schema/supported.ts';
import { environmentJsonSchema, parseEnvironmentYaml } from './index.ts';

const good = [
  'environment: acme/production\nstage: production\nlabels: { ring: "1" }\npolicy: { after: { soak: 24h } }\n',
  'environment: live\nproducts: { shop: { channel: stable } }\npolicy: { after: none, health: { atLeast: 90% } }\n',
];
const bad = [
  'environment: acme/production\nstag: production\n',
  'environment: acme/production\npolicy: { after: { soak: 24 } }\n',
  'environment: acme/production\npolicy: { health: { atLeast: 101% } }\n',
];

test('what an editor checks by takes and refuses what the root server does', () => {
  const { $schema, ...written } = JSON.parse(JSON.stringify(environmentJsonSchema())) as Record<
    string,
    unknown
  >;
  assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
  const schema = parseSchema(written);
  for (const text of good) {
    assert.deepEqual(issuesOf(schema, parse(text)), []);
    parseEnvironmentYaml(text, 'env.yaml');
  }
  for (const text of bad) {
    assert.equal(issuesOf(schema, parse(text)).length, 1, text);
    assert.throws(() => parseEnvironmentYaml(text, 'env.yaml'), { code: 'E_INPUT' });
  }
});

test('labels may not take the names that selectors have already', () => {
  assert.throws(() => parseEnvironmentYaml('environment: a/b\nlabels: { tenant: x }\n', 'env.yaml'), {
    code: 'E_INPUT',
    message: /env\.yaml:2:\d+: labels\.tenant: expected another key/,
  });
});

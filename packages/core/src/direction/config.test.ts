/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PackageDocument } from '../wire/package/document.ts';
import { configFor } from './config.ts';
import { fillPlaceholders, fillPort, placeholdersIn } from './placeholders.ts';

const packageWith = (more: Partial<PackageDocument>): PackageDocument =>
  ({ component: 'api', ...more }) as PackageDocument;
const schema = {
  type: 'object',
  properties: { port: { type: 'integer', minimum: 1 }, mode: { enum: ['a', 'b'] } },
  required: ['port'],
  additionalProperties: false,
};

test('configuration is the defaults with what is given over them, checked by the schema', () => {
  const document = packageWith({ configSchema: schema, configDefaults: { port: 80, mode: 'a' } });
  assert.deepEqual(configFor(document, { mode: 'b' }), { port: 80, mode: 'b' });
  assert.throws(() => configFor(document, { prot: 81 }), {
    code: 'E_CONFIG_INVALID',
    message: /config\.prot.*did you mean "port"/,
  });
  assert.throws(() => configFor(document, { port: '80' }), {
    code: 'E_CONFIG_INVALID',
    message: /config\.port: expected a whole number/,
  });
  assert.throws(() => configFor(packageWith({ configSchema: schema }), {}), {
    message: /config\.port is missing/,
  });
});

test('a schema that takes for ever is refused, and the next one is checked', () => {
  const twice = { anyOf: [{ $ref: '#/$defs/twice' }, { $ref: '#/$defs/twice' }] };
  for (const configSchema of [
    { properties: { name: { type: 'string', pattern: '^(a+)+$' } } },
    { patternProperties: { '^(n?a?m?e?)+x$': true }, $ref: '#/$defs/twice', $defs: { twice } },
  ]) {
    assert.throws(() => configFor(packageWith({ configSchema }), { name: `${'a'.repeat(60)}!` }), {
      code: 'E_CONFIG_INVALID',
      message: /can't be checked within/,
    });
  }
  const configSchema = { properties: { name: { type: 'string', pattern: '^a+$' } } };
  assert.deepEqual(configFor(packageWith({ configSchema }), { name: 'aa' }), { name: 'aa' });
  assert.throws(() => configFor(packageWith({ configSchema }), { name: 'b' }), { message: /config\.name/ });
});

test('without a schema only the keys of the defaults are known', () => {
  assert.deepEqual(configFor(packageWith({ configDefaults: { a: 1 } }), { a: 'x' }), { a: 'x' });
  assert.throws(() => configFor(packageWith({}), { a: 1 }), { code: 'E_CONFIG_INVALID' });
});

const places = {
  config: { port: 8080, host: 'a b', debug: true, list: [1], nul: 'a\0', self: '${tree}' },
  tree: '/t',
  data: '/d',
  node: '/n',
};

test('placeholders are replaced inside their argument', () => {
  for (const [text, filled] of [
    ['--port=${config.port}', '--port=8080'],
    ['${node} ${tree}/x ${data}', '/n /t/x /d'],
    ['${config.host};rm -rf', 'a b;rm -rf'],
    ['$${tree} $$ $x ${config.debug}', '${tree} $$ $x true'],
    ['${config.self}', '${tree}'],
    ['plain', 'plain'],
  ] as const) {
    assert.equal(fillPlaceholders(text, places), filled);
  }
});

test('a placeholder that means nothing is refused', () => {
  for (const text of [
    '${config.absent}',
    '${config.list}',
    '${config.nul}',
    '${HOME}',
    '${}',
    '${tree',
    '${config.toString}',
    '${ tree }',
  ]) {
    assert.throws(() => fillPlaceholders(text, places), { code: 'E_PLACEHOLDER' }, text);
  }
});

test('text without placeholders passes unchanged, and an escape gives any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.') }), (text) => {
      // A function, because `$$` in a replacement text stands for one `$`.
      const escaped = text.replaceAll('${', () => '$${');
      assert.equal(fillPlaceholders(escaped, places), text);
    }),
    { numRuns: 1000 },
  );
});

test('ports and names of placeholders', () => {
  assert.equal(fillPort('${config.port}', places), 8080);
  assert.equal(fillPort(80, places), 80);
  for (const port of ['0', '65536', '080', '${config.host}', ''])
    assert.throws(() => fillPort(port, places), { code: 'E_PLACEHOLDER' });
  assert.deepEqual(placeholdersIn('${config.a.b} $${config.c} ${data}'), ['config.a.b', 'data']);
  assert.throws(() => placeholdersIn('${shell}'), { code: 'E_PLACEHOLDER' });
});

/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XylemError } from '../errors.ts';
import { examples } from '../wire/examples.test-data.ts';
import { parsePackage } from '../wire/index.ts';
import { checkOpened, configFor } from './config.ts';
import { fillPlaceholders } from './placeholders.ts';
import { configDigest, meaningOfConfig, sealedIn } from './sealed.ts';

const base = parsePackage(examples['package']?.encoded as Uint8Array);
const document = {
  ...base,
  configDefaults: {},
  configSchema: {
    type: 'object' as const,
    properties: {
      password: { type: 'string' as const, minLength: 8, pattern: '^[a-z-]+$' },
      port: { type: 'integer' as const },
    },
    required: ['password'],
    additionalProperties: false,
  },
};
const sealed = (version = 'a', generation = 1) => ({
  $sealed: { generation, version: version.repeat(32), holder: 'anna', age: 'YWdl' },
});
const refused = (code: string, has: RegExp) => (error: XylemError) =>
  error.code === code && has.test(error.message);

test('a sealed value stands for a string that the schema allows, and of no other is anything known', () => {
  assert.deepEqual(configFor(document, { password: sealed() }), { password: sealed() });
  assert.throws(() => configFor(document, { port: 1 }), refused('E_CONFIG_INVALID', /password is missing/));
  assert.throws(
    () => configFor(document, { password: sealed(), port: sealed() }),
    refused('E_CONFIG_INVALID', /config\.port: expected integer, and a sealed value is a string/),
  );
  assert.throws(
    () => configFor(document, { password: sealed(), passwort: sealed() }),
    refused('E_CONFIG_INVALID', /passwort is not a known key/),
  );
  assert.throws(
    () => configFor(document, { password: { $sealed: { generation: 0 } } }),
    refused('E_CONFIG_INVALID', /password is no sealed value/),
  );
  assert.throws(
    () => configFor(document, { password: sealed(), port: 'x' }),
    refused('E_CONFIG_INVALID', /config\.port: expected .* found "x"/),
  );
});

test('what is wrong with an opened value is said without the value', () => {
  const opened = new Set(['password']);
  checkOpened(document, { password: 'long-enough' }, opened);
  assert.throws(
    () => checkOpened(document, { password: 'CANARY' }, opened),
    (error: XylemError) =>
      error.code === 'E_CONFIG_INVALID' && !JSON.stringify([error.message, error.details]).includes('CANARY'),
  );
});

test('a sealed value is filled in only where it may stand', () => {
  const places = { config: { password: sealed() }, tree: '/t', data: '/d', node: 'n' };
  assert.throws(
    () => fillPlaceholders('--password=${config.password}', places),
    refused('E_PLACEHOLDER', /sealed, and may stand in a service's environment only/),
  );
  const standIn = fillPlaceholders('x=${config.password}', { ...places, sealed: ({ version }) => version });
  assert.equal(standIn, `x=${'a'.repeat(32)}`);
});

test('a rotation means nothing, another value does', () => {
  const meaning = (value: unknown) => meaningOfConfig({ password: value, port: 1 });
  assert.deepEqual(meaning(sealed('a', 1)), meaning(sealed('a', 2)));
  assert.notDeepEqual(meaning(sealed('a')), meaning(sealed('b')));
  assert.equal(sealedIn({ password: sealed(), port: 1 }).size, 1);
  const digest = (value: unknown) => configDigest({ password: value, port: 1 });
  assert.equal(digest(sealed('a', 1)), digest(sealed('a', 2)));
  assert.notEqual(digest(sealed('a')), digest(sealed('b')));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../hashing.ts';
import { parsePackage } from './document.ts';

const document = {
  product: 'shop',
  component: 'web',
  version: '1.0.0',
  kind: 'files',
  variants: [{ tree: sha256('tree'), sizeBytes: 1 }],
};

test('a document that needs what this program does not know is refused, whatever else it holds', () => {
  for (const more of [{}, { health: { from: 'tomorrow' } }]) {
    const needs = ['a-thing', 'of-tomorrow'];
    assert.throws(() => parsePackage({ ...document, ...more, format: 'xylem-package-2', needs }), {
      code: 'E_FORMAT_UNSUPPORTED',
      message: 'The package document needs "a-thing", "of-tomorrow", which this program does not know.',
    });
  }
  assert.throws(() => parsePackage({ ...document, format: 'xylem-package-3' }), {
    code: 'E_FORMAT_UNSUPPORTED',
    message:
      'The package document has the format xylem-package-3; this program reads xylem-package-1 and xylem-package-2.',
  });
});

test('needs stands with the second format alone', () => {
  assert.equal(parsePackage({ ...document, format: 'xylem-package-1' }).needs, undefined);
  assert.throws(() => parsePackage({ ...document, format: 'xylem-package-2' }), {
    code: 'E_PACKAGE_INVALID',
  });
});

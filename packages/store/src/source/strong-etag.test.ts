import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strongEtag } from './http-source.ts';

const etag = '"65f-400"';
const changed = 'Sat, 21 Nov 2026 05:34:05 GMT';

test('an ETag counts only when the file can not have changed again within its second', () => {
  const at = (date: string) => strongEtag({ etag, date, 'last-modified': changed });
  assert.equal(at('Sat, 21 Nov 2026 05:34:05 GMT'), undefined);
  assert.equal(at('Sat, 21 Nov 2026 05:34:06 GMT'), undefined);
  assert.equal(at('Sat, 21 Nov 2026 05:34:07 GMT'), etag);
  assert.equal(at('not a date'), undefined);
});

test('a validator without a time is taken by its word, a weak one never', () => {
  assert.equal(strongEtag({ etag }), etag);
  assert.equal(strongEtag({ etag: `W/${etag}` }), undefined);
  assert.equal(strongEtag({}), undefined);
});

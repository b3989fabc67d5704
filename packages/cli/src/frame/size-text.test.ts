import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSize } from './size-text.ts';

test('sizes are read with their unit', () => {
  assert.equal(parseSize('50GB'), 50_000_000_000);
  assert.equal(parseSize('1.5 KiB'), 1_536);
  assert.equal(parseSize('512B'), 512);
  for (const wrong of ['', '50', 'GB', '50Gb', '-1GB', '1e3GB', '1.2345GB'])
    assert.throws(() => parseSize(wrong), { code: 'E_INPUT' }, wrong);
});

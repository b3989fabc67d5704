import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOfPack } from './pairs.ts';

test("npm's word for the file that it packed, as a list and as an object of packages", () => {
  assert.equal(fileOfPack('[{"name":"a","filename":"a-1.0.0.tgz"}]'), 'a-1.0.0.tgz');
  assert.equal(fileOfPack('{"a":{"name":"a","filename":"a-1.0.0.tgz"}}'), 'a-1.0.0.tgz');
});

test('without such a word there is no pair', () => {
  for (const json of ['[]', '[{"name":"a"}]', '[null]'])
    assert.throws(() => fileOfPack(json), { code: 'E_INPUT' });
});

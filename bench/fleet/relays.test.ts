import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelsOf } from './relays.ts';

test('relays stand on as many levels as asked, each with children alike, all of them used', () => {
  assert.deepEqual(levelsOf(80, 2), [9, 71]);
  assert.deepEqual(levelsOf(80, 3), [4, 19, 57]);
  assert.deepEqual(levelsOf(80, 1), [80]);
  assert.deepEqual(levelsOf(2, 2), [1, 1]);
  assert.deepEqual(levelsOf(0, 0), []);
});

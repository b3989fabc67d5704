import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCosts } from './method.ts';
import { tableOf } from './table.ts';

test('a row has all its cells: figures, nothing where there is none, and why it is absent', () => {
  const measured = { pair: 'ts', method: 'rsync', ...noCosts, wireBytes: 56_123, updateSeconds: 0.456 };
  const missing = { pair: 'ts', method: 'casync', ...noCosts, absent: 'no apt-get' };
  assert.deepEqual(tableOf([measured, missing]).slice(2), [
    '| ts | rsync |  | 56,123 |  |  |  |  | 0.46 |  |',
    '| ts | casync | absent: no apt-get |  |  |  |  |  |  |  |',
  ]);
});

test('every line has as many cells', () => {
  const lines = tableOf([{ pair: 'ts', method: 'rsync', ...noCosts }]);
  assert.equal(new Set(lines.map((line) => line.split('|').length)).size, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatherForMs } from './gather.ts';

test('joins of a small environment, and a single one, are published at once', () => {
  assert.equal(gatherForMs(0, Number.POSITIVE_INFINITY), 200);
  assert.equal(gatherForMs(100, 0), 200);
  assert.equal(gatherForMs(100_000, Number.POSITIVE_INFINITY), 200);
});

test('the more hosts there are, the rarer they are told of others that join, and never rarer than each 10 s', () => {
  assert.equal(gatherForMs(3_000, 0), 3_000);
  assert.equal(gatherForMs(3_000, 2_500), 500);
  assert.equal(gatherForMs(1_000_000, 0), 10_000);
});

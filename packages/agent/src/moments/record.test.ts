import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begunWithin, withChange } from './record.ts';

test('what began later than now counts from now, and ends to count', () => {
  const record = { settled: true, begun: [{ component: 'web', atMs: 9_000_000 }] };
  const after = withChange(record, 'web', 1_000, 500);
  assert.deepEqual(after.begun, [
    { component: 'web', atMs: 1_000 },
    { component: 'web', atMs: 1_000 },
  ]);
  assert.equal(begunWithin(after.begun, 1_499, 500).length, 2);
  assert.equal(begunWithin(after.begun, 1_500, 500).length, 0);
});

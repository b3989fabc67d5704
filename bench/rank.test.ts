import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { likelihoodSlower } from './rank.ts';

test('the likelihood is that of all pairs, counted one by one', () => {
  const sample = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      const score = a.flatMap((x) => b.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
      const counted = score.reduce((sum: number, one) => sum + one, 0) / score.length;
      assert.ok(Math.abs(likelihoodSlower(a, b).likelihood - counted) < 1e-9);
    }),
  );
});

test('what is always slower is far beyond noise, and the same is none', () => {
  const a = Array.from({ length: 500 }, (_, index) => index);
  assert.equal(likelihoodSlower(a, a).likelihood, 0.5);
  assert.ok(
    likelihoodSlower(
      a.map((value) => value + 500),
      a,
    ).errors > 20,
  );
});

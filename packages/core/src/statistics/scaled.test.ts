import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plain, plus, power, times } from './scaled.ts';

test('powers are those of whole numbers, as long as a double holds them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 15 }), (base, exponent) => {
      assert.equal(plain(power(base, exponent)), Number(BigInt(base) ** BigInt(exponent)));
    }),
  );
});

test('what a double can not hold is kept meanwhile', () => {
  assert.equal(plain(times(power(1 / 2, 5_000), power(2, 5_003))), 8);
  assert.equal(plain(power(1 / 2, 5_000)), 0);
  assert.equal(plain(power(2, 5_000)), 2 ** 256);
  assert.equal(plain(times(power(0, 3), power(2, 5_000))), 0);
});

test('sums are those of doubles where these have room, and keep what is larger where they have none', () => {
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.nat({ max: 200 }), (a, b) => {
      assert.equal(plain(plus(power(2, a), power(2, b))), 2 ** a + 2 ** b);
      assert.equal(plain(plus(power(1 / 2, a), power(1 / 2, b))), 2 ** -a + 2 ** -b);
    }),
  );
  const large = power(2, 5_000);
  assert.equal(plain(times(plus(large, power(2, 4_999)), power(1 / 2, 4_999))), 3);
  assert.deepEqual(plus(large, power(1 / 2, 5_000)), large);
  assert.deepEqual(plus([0, 0], large), large);
});

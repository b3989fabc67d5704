import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberReader, NumberWriter } from './numbers.ts';

const invalid = { code: 'E_PATCH_INVALID' };

test('what is written is read again, and takes no more bytes than it need', () => {
  fc.assert(
    fc.property(
      fc.array(fc.maxSafeNat()),
      fc.array(fc.bigInt(-(2n ** 52n), 2n ** 52n - 1n).map(Number)),
      fc.uint8Array(),
      (naturals, integers, bytes) => {
        const writer = new NumberWriter();
        for (const n of naturals) writer.unsigned(n);
        for (const n of integers) writer.signed(n);
        writer.bytes(bytes);
        const reader = new NumberReader(writer.written());
        assert.deepEqual(
          naturals.map(() => reader.unsigned()),
          naturals,
        );
        assert.deepEqual(
          integers.map(() => reader.signed()),
          integers,
        );
        assert.deepEqual([...reader.bytes(bytes.length)], [...bytes]);
        assert.ok(reader.isAtEnd);
      },
    ),
  );
});

test('the first numbers as the specification writes them', () => {
  const writer = new NumberWriter();
  for (const n of [0, 127, 128, 300]) writer.unsigned(n);
  for (const n of [0, -1, 1, -64, 64]) writer.signed(n);
  assert.equal(writer.written().toString('hex'), '007f8001ac02' + '0001027f8001');
});

for (const [what, hex] of [
  ['is cut off', 'ff'],
  ['is not there', ''],
  ['is longer than it need be', '8000'],
  ['has nine bytes', '808080808080808001'],
  ['is beyond 2^53 - 1', 'ffffffffffffff1f'],
] as const) {
  test(`a number that ${what} is refused`, () => {
    assert.throws(() => new NumberReader(Buffer.from(hex, 'hex')).unsigned(), invalid);
  });
}

test('more bytes than there are, or fewer than none, are refused', () => {
  assert.throws(() => new NumberReader(Buffer.alloc(3)).bytes(4), invalid);
});

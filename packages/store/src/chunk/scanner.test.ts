import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gearTable } from './gear.ts';
import { sharedScanner } from './scanner.ts';

/** The loop of docs/spec/objects.md, written down as it stands there. */
function scanBySpecification(bytes: Uint8Array, begin: number, bound: number): { cut: number; hash: number } {
  const gear = gearTable();
  let hash = begin >>> 0;
  for (const [i, byte] of bytes.entries()) {
    hash = ((hash << 1) + gear[byte]!) >>> 0;
    if (hash < bound) return { cut: i + 1, hash };
  }
  return { cut: -1, hash };
}

const unsigned = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Those of the cutter, and such as are met after some tens of bytes, so that every place in the loop comes up. */
const bound = fc.oneof(fc.constantFrom(0x4000, 0x40000, 0, 2 ** 32 - 1), fc.nat({ max: 2 ** 30 }));

test('whatever the bytes, the hash and the bound, the scanner does as the specification', () => {
  const { input, scan, hash } = sharedScanner();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), unsigned, bound, (bytes, begin, limit) => {
      input.fill(0xff);
      input.set(bytes);
      const wanted = scanBySpecification(bytes, begin, limit);
      assert.equal(scan(bytes.length, begin | 0, limit | 0), wanted.cut);
      if (wanted.cut === -1) assert.equal(hash() >>> 0, wanted.hash);
    }),
    { numRuns: 3000 },
  );
});

test('all of the input can be used', () => {
  const { input, scan, hash } = sharedScanner();
  for (const [i] of input.entries()) input[i] = (i * 2654435761) >>> 24;
  const wanted = scanBySpecification(input, 0, 0);
  assert.equal(scan(input.length, 0, 0), -1);
  assert.equal(hash() >>> 0, wanted.hash);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { coders, decodeStream, encodeStream, rawCoder } from './streams.ts';
import { noise } from './testing.ts';

const invalid = { code: 'E_PATCH_INVALID' };
const text = Buffer.from('one and the same sentence, again and again; '.repeat(500));

test('every coder gives back what it was given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.constantFrom(...coders), async (raw, coder) => {
      const stream = { coder: coder.id, rawLength: raw.length, body: coder.encode(raw) };
      if (raw.length > 0) assert.deepEqual([...(await decodeStream(stream))], [...raw]);
    }),
  );
});

test('the smallest wins, and nothing is coded that would grow', async () => {
  const coded = encodeStream(text, coders);
  assert.notEqual(coded.coder, rawCoder.id);
  assert.ok(coders.every((coder) => coder.encode(text).length >= coded.body.length));
  assert.deepEqual(await decodeStream(coded), text);
  assert.equal(encodeStream(noise('x', 5_000), coders).coder, rawCoder.id);
  assert.equal(encodeStream(Buffer.alloc(0), coders).coder, rawCoder.id);
});

test('coders stand at their ids', () => {
  assert.deepEqual(
    coders.map(({ id }) => id),
    [0, 1, 2],
  );
});

for (const [name, coder, compress] of [
  ['zstd', 1, zstdCompressSync],
  ['brotli', 2, brotliCompressSync],
] as const) {
  const body = compress(text);
  const rawLength = text.length;

  test(`${name}: what is longer or shorter than was said is refused, and a bomb before it bursts`, async () => {
    await assert.rejects(decodeStream({ coder, rawLength: rawLength - 1, body }), invalid);
    await assert.rejects(decodeStream({ coder, rawLength: rawLength + 1, body }), invalid);
    const bomb = compress(Buffer.alloc(8 * 1024 * 1024));
    await assert.rejects(decodeStream({ coder, rawLength: 1_000, body: bomb }), invalid);
  });

  test(`${name}: bytes behind the end, a cut-off body and nonsense are refused`, async () => {
    const trailing = Buffer.concat([body, Buffer.from('x')]);
    await assert.rejects(decodeStream({ coder, rawLength, body: trailing }), invalid);
    await assert.rejects(decodeStream({ coder, rawLength, body: body.subarray(0, -1) }), invalid);
    await assert.rejects(decodeStream({ coder, rawLength, body: noise('nonsense', 100) }), invalid);
    await assert.rejects(decodeStream({ coder, rawLength, body: Buffer.alloc(0) }), invalid);
  });
}

test('an unknown coder is refused', async () => {
  await assert.rejects(decodeStream({ coder: 3, rawLength: 1, body: Buffer.alloc(1) }), invalid);
});

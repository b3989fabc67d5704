import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cutter, chunksOf } from './cutter.ts';
import { gearTable } from './gear.ts';

/** Bytes that anyone can make again: SHA-256 of a counter. */
function bytesOf(seed: string, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 32 < length; i += 1) pieces.push(createHash('sha256').update(`${seed}:${i}`).digest());
  return Buffer.concat(pieces).subarray(0, length);
}

/** docs/spec/objects.md read word for word, without any thought of speed. */
function cutsBySpecification(bytes: Uint8Array): number[] {
  const gear = [...gearTable()].map((n) => n >>> 0);
  const cuts: number[] = [];
  let start = 0;
  while (start < bytes.length) {
    let h = 0;
    let length = Math.min(262144, bytes.length - start);
    for (let i = 16384; i < length; i += 1) {
      h = (h * 2 + (gear[bytes[start + i]!] ?? 0)) % 2 ** 32;
      const mask = i + 1 < 65536 ? 0xffffc000 : 0xfffc0000;
      if ((h & mask) === 0) {
        length = i + 1;
        break;
      }
    }
    start += length;
    cuts.push(start);
  }
  return cuts;
}

const cutsOf = (bytes: Uint8Array): number[] => {
  let at = 0;
  return chunksOf(bytes).map((chunk) => {
    at += chunk.length;
    return at;
  });
};

test('golden: the gear table and the cuts never change', () => {
  const gear = gearTable();
  const digest = createHash('sha256').update(Buffer.from(gear.buffer)).digest('hex');
  assert.equal(digest, '1bea94d7bb3b1505ae5774eb60d30c99c5daece5732c2a9fb97ec1fd1ae4c597');
  assert.deepEqual(
    cutsOf(bytesOf('golden', 1_000_000)),
    [72475, 141308, 224247, 297534, 401578, 503696, 585791, 657892, 708104, 807544, 908240, 988617, 1000000],
  );
});

test('the cuts are those of the specification', () => {
  const zeros = new Uint8Array(700_000);
  assert.deepEqual(cutsOf(zeros), cutsBySpecification(zeros));
  const text = Buffer.from('a line of text that repeats, number 12\n'.repeat(30_000));
  assert.deepEqual(cutsOf(text), cutsBySpecification(text));
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 700_000 }), (seed, length) => {
      const bytes = bytesOf(String(seed), length);
      assert.deepEqual(cutsOf(bytes), cutsBySpecification(bytes));
    }),
    { numRuns: 20 },
  );
});

test('chunks concatenate to the input and keep the limits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 900_000 }), fc.integer({ min: 1, max: 255 }), (length, spread) => {
      const bytes = bytesOf('limits', length).map((byte) => byte % spread);
      const chunks = chunksOf(bytes);
      assert.deepEqual(Buffer.concat(chunks), Buffer.from(bytes));
      for (const [i, chunk] of chunks.entries()) {
        assert.ok(chunk.length <= 262144);
        if (i < chunks.length - 1) assert.ok(chunk.length > 16384);
      }
    }),
    { numRuns: 15 },
  );
});

test('the cuts do not depend on how the bytes arrive', () => {
  const bytes = bytesOf('split', 600_000);
  const whole = cutsOf(bytes);
  const pieceLength = fc.oneof(
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 1, max: 200_000 }),
    fc.constantFrom(16383, 16384, 16385, 65535, 65536, 262144),
  );
  fc.assert(
    fc.property(fc.array(pieceLength, { maxLength: 60 }), (lengths) => {
      const cutter = new Cutter();
      const cuts: number[] = [];
      let begin = 0;
      for (const length of [...lengths, bytes.length]) {
        const piece = bytes.subarray(begin, begin + length);
        let at = 0;
        while (at < piece.length) {
          const cut = cutter.next(piece, at);
          if (cut === -1) break;
          cuts.push(begin + cut);
          at = cut;
        }
        begin += piece.length;
      }
      if (cuts.at(-1) !== bytes.length) cuts.push(bytes.length);
      assert.deepEqual(cuts, whole);
    }),
    { numRuns: 60 },
  );
});

test('an insertion changes only the chunks around it', () => {
  const bytes = bytesOf('shift', 3_000_000);
  const digests = (data: Uint8Array): Set<string> =>
    new Set(chunksOf(data).map((chunk) => createHash('sha256').update(chunk).digest('hex')));
  const before = digests(bytes);
  const after = digests(
    Buffer.concat([bytes.subarray(0, 1_000_000), Buffer.from('x'), bytes.subarray(1_000_000)]),
  );
  const changed = [...after].filter((digest) => !before.has(digest)).length;
  assert.ok(changed <= 3, `${changed} chunks changed`);
});

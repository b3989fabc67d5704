import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chunk, type Digest, encodeOffer, parseOffer, sha256 } from '@xylem/core';
import fc from 'fast-check';
import { rangesFor } from '../fetch/plan.ts';
import type { ChunkPlace } from './chunk-index.ts';
import { offerOf } from './make-offer.ts';

const digestOf = (n: number): Digest => sha256(`chunk ${n}`);

/** Chunks in frames of packs, in any order and with others between them. */
const layout = fc
  .record({
    /** For each place in turn: the chunk that lies there (some are not of the tree), and where a frame or pack ends. */
    places: fc.uniqueArray(fc.nat({ max: 400 }), { minLength: 1, maxLength: 60 }),
    size: fc.integer({ min: 1, max: 5000 }),
    frameEvery: fc.integer({ min: 1, max: 9 }),
    packEvery: fc.integer({ min: 1, max: 4 }),
    wanted: fc.nat(),
  })
  .map(({ places, size, frameEvery, packEvery, wanted }) => {
    const found = new Map<number, ChunkPlace>();
    for (const [i, chunk] of places.entries()) {
      const frame = Math.floor(i / frameEvery);
      const inFrame = i % frameEvery;
      found.set(chunk, {
        sizeBytes: size,
        pack: sha256(`pack ${Math.floor(frame / packEvery)}`),
        packSizeBytes: 60_000_000,
        frameOffset: 8 + (frame % packEvery) * (frameEvery * size + 1),
        frameLength: frameEvery * size + 1,
        frameRawLength: frameEvery * size,
        offsetInFrame: inFrame * size,
      });
    }
    // The tree's order is its own: here by number, with every few left out.
    const order = [...found.keys()].sort((a, b) => a - b).filter((n, i) => i === 0 || (n + wanted) % 3 !== 0);
    return { found, order };
  });

test('an offer is one that readers accept, and its runs lead to each chunk and no other', () => {
  fc.assert(
    fc.property(layout, fc.integer({ min: 1, max: 5 }), ({ found, order }, treeChunkCount) => {
      const numbered = order.map((n): Chunk => [digestOf(n), found.get(n)!.sizeBytes]);
      const treeChunks = numbered.slice(0, treeChunkCount);
      const offer = offerOf(
        sha256('tree'),
        treeChunks,
        order.map((n) => found.get(n)!),
      );
      const read = parseOffer(encodeOffer(offer));
      assert.deepEqual(read, offer);
      const seen = new Map<Digest, ChunkPlace>();
      for (const [pack, frameOffset, frameLength, frameRawLength, runs] of read.frames) {
        for (const [first, count, offsetInFrame] of runs) {
          for (let i = 0; i < count; i += 1) {
            const [digest, sizeBytes] = numbered[first + i]!;
            const [packDigest, packSizeBytes] = read.packs[pack]!;
            assert.equal(seen.has(digest), false);
            seen.set(digest, {
              sizeBytes,
              pack: packDigest,
              packSizeBytes,
              frameOffset,
              frameLength,
              frameRawLength,
              offsetInFrame: offsetInFrame + i * sizeBytes,
            });
          }
        }
      }
      assert.deepEqual(seen, new Map(order.map((n) => [digestOf(n), found.get(n)!])));
    }),
    { numRuns: 300 },
  );
});

test('ranges cover every wanted frame once, in order, and join only what is near', () => {
  fc.assert(
    fc.property(layout, fc.nat({ max: 20_000 }), fc.func(fc.boolean()), ({ found, order }, gap, isWanted) => {
      const numbered = order.map((n): Chunk => [digestOf(n), found.get(n)!.sizeBytes]);
      const offer = offerOf(
        sha256('tree'),
        numbered.slice(0, 1),
        order.map((n) => found.get(n)!),
      );
      const wanted = new Set(order.map(digestOf).filter((digest) => isWanted(digest)));
      const ranges = rangesFor(offer, numbered, (digest) => wanted.has(digest), gap);
      const got = ranges.flatMap(({ frames }) =>
        frames.flatMap(({ chunks }) => chunks.map(({ digest }) => digest)),
      );
      assert.deepEqual(got.sort(), [...wanted].sort());
      for (const { offset, length, frames } of ranges) {
        let end = offset;
        for (const frame of frames) {
          assert.ok(frame.offset >= end && frame.offset - end <= gap);
          assert.ok(frame.chunks.length > 0);
          end = frame.offset + frame.length;
        }
        assert.equal(end, offset + length);
      }
    }),
    { numRuns: 300 },
  );
});

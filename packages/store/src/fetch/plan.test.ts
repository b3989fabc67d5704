import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chunk, type Digest, type Offer, type OfferFrame, sha256 } from '@xylem/core';
import { type FetchRange, partOf, rangesFor, withNeighbours } from './plan.ts';

const pack: Digest = sha256(Buffer.from('pack'));

function rangeOf(offset: number, lengths: readonly number[]): FetchRange {
  let at = offset;
  const frames = lengths.map((length) => {
    at += length;
    return { offset: at - length, length, rawLength: length, chunks: [] };
  });
  return { pack, offset, length: at - offset, frames };
}

test('another is asked for a long frame of what is to come, that it can give in its time; else for the shortest', () => {
  const ranges = [rangeOf(0, [900, 100]), rangeOf(5_000, [500, 400, 1_000, 600, 10])];
  const asked = (leftBytes: number, wishedBytes: number): number =>
    partOf(ranges, leftBytes, wishedBytes).length;
  assert.equal(asked(3_510, 1e6), 600, 'the last that is at least half as long as the longest');
  assert.equal(asked(3_510, 599), 400);
  assert.equal(asked(3_510, 20), 10);
  assert.equal(asked(3_510, 5), 10);
  assert.equal(asked(10, 1e6), 10, 'what came is not asked for');
  assert.deepEqual(partOf(ranges, 3_510, 1e6), {
    pack,
    offset: 6_900,
    length: 600,
    frames: [{ offset: 6_900, length: 600, rawLength: 600, chunks: [] }],
  });
});

const chunk = (name: string): Chunk => [sha256(name), 100];
const frame = (offset: number, length: number, first: number): OfferFrame => [
  0,
  offset,
  length,
  100,
  [[first, 1, 0]],
];
const offerOf = (...frames: readonly OfferFrame[]): Offer => ({
  format: 'xylem-offer-1',
  tree: sha256('tree'),
  treeChunks: [chunk('a')],
  packs: [[sha256('pack'), 1_000]],
  frames,
});

test('an offer whose wanted frames overlap is refused', () => {
  for (const [offset, length] of [
    [108, 50],
    [60, 50],
    [8, 150],
    [20, 10],
    [8, 100],
  ] as const) {
    const offer = offerOf(frame(8, 100, 0), frame(offset, length, 1));
    const ranges = (): unknown => rangesFor(offer, [chunk('a'), chunk('b')], () => true);
    if (offset === 108) assert.doesNotThrow(ranges);
    else assert.throws(ranges, { code: 'E_OFFER_INVALID' });
  }
});

test('frames before those wanted overlap neither them nor one another', () => {
  const text = frame(1_000, 100, 0);
  const taken = (...before: readonly OfferFrame[]): unknown => {
    const offer = offerOf(text, ...before);
    const [range] = rangesFor(offer, [chunk('a')], () => true);
    assert.ok(range !== undefined);
    return withNeighbours(offer, range).frames.map(({ offset }) => offset);
  };
  assert.deepEqual(taken(frame(800, 100, 1), frame(900, 100, 2)), [800, 900, 1_000]);
  for (const before of [
    [frame(950, 100, 1)],
    [frame(950, 1_000, 1)],
    [frame(800, 150, 1), frame(900, 100, 2)],
  ])
    assert.throws(() => taken(...before), { code: 'E_OFFER_INVALID' });
});

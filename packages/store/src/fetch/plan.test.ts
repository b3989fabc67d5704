import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, sha256 } from '@xylem/core';
import { type FetchRange, partOf } from './plan.ts';

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

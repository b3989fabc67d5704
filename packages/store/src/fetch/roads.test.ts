import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ListedPatch, sha256 } from '@xylem/core';
import { chooseRoad, roadsOfPlan } from './roads.ts';

const much = 2 ** 30;
const listed = (sizeBytes: number, madeBytes: number, chunkBytes: number): ListedPatch => [
  sha256('from'),
  sha256('patch'),
  sizeBytes,
  madeBytes,
  chunkBytes,
];
/** 2 MB instead of 40, of which 120 MB are made. */
const ofNode = listed(2_000_000, 120_000_000, 40_000_000);

test('on slow links, and where the rate is not known, bytes decide', () => {
  for (const bytesPerSecond of [null, 8_000, 12_500_000]) {
    const { kind, why } = chooseRoad(ofNode, { bytesPerSecond, memoryBytes: much });
    assert.equal(`${kind}: ${why}`, 'patch: fewest bytes');
  }
  const larger = listed(2_000_000, 3_000_000, 1_000_000);
  assert.equal(chooseRoad(larger, { bytesPerSecond: null, memoryBytes: much }).kind, 'chunks');
});

test('on fast links time decides: a second of work is no gain where bytes take none', () => {
  const at = (bytesPerSecond: number) => chooseRoad(ofNode, { bytesPerSecond, memoryBytes: much });
  assert.equal(at(20_000_000).kind, 'patch');
  const fast = at(250_000_000);
  assert.equal(`${fast.kind}: ${fast.why}`, 'chunks: least time');
  const [patch, chunks] = fast.roads;
  assert.ok((patch?.seconds ?? 0) > 0.8 && (chunks?.seconds ?? 1) < 0.6, JSON.stringify(fast.roads));
});

test('on fast links what saves hardly any time is not worth more bytes', () => {
  const small = listed(1_500, 9_000_000, 324_000);
  const { kind, why } = chooseRoad(small, { bytesPerSecond: 250_000_000, memoryBytes: much });
  assert.equal(`${kind}: ${why}`, 'patch: fewest bytes');
});

test('without memory for it there is no patch', () => {
  const { kind, why } = chooseRoad(ofNode, { bytesPerSecond: null, memoryBytes: 100 * 2 ** 20 });
  assert.equal(`${kind}: ${why}`, 'chunks: too little memory for a patch');
});

test('each request takes a round trip beside its bytes', () => {
  const small = listed(30_000_000, 20_000_000, 31_000_000);
  const means = { bytesPerSecond: 50_000_000, roundTripMs: 600, memoryBytes: much };
  const [patch, chunks] = chooseRoad(small, means).roads;
  const near = chooseRoad(small, { ...means, roundTripMs: null }).roads;
  const later = (far?: number | null, close?: number | null): string =>
    ((far ?? 0) - (close ?? 0)).toFixed(3);
  assert.equal(later(patch?.seconds, near[0]?.seconds), '0.600');
  assert.equal(later(chunks?.seconds, near[1]?.seconds), '1.200', 'the offer, and what it names');
  const fifty = { chunks: { bytes: 5_000_000, requests: 50 }, whole: { bytes: 50_000_000, requests: 2 } };
  const { roads } = roadsOfPlan(null, fifty, false, 'no patch from a tree that was here', means);
  assert.deepEqual(
    roads.map(({ kind, seconds }) => `${kind} ${seconds?.toFixed(2)}`),
    ['chunks 30.15', 'whole 2.70'],
  );
});

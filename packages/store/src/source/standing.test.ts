import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { retryAfterOf } from './retry-after.ts';
import {
  afterAnswer,
  afterFault,
  inStanding,
  neverAsked,
  type Standing,
  untilForgivenMs,
} from './standing.ts';

const maxMs = 300_000;
const silence = new XylemError('E_PARENT_UNREACHABLE', 'It does not answer.');
const lie = new XylemError('E_OBJECT_DIGEST', 'It gave something else.');
const fault = (before: Standing, nowMs: number, error = silence): Standing =>
  afterFault(before, error, nowMs, 0.5, maxMs);

test('a silent parent is avoided for 1 s, doubling with each outage up to the most', () => {
  let standing = neverAsked;
  const waits: number[] = [];
  let nowMs = 1_000;
  for (let outage = 0; outage < 10; outage += 1) {
    standing = fault(standing, nowMs);
    waits.push(standing.avoidUntilMs - nowMs);
    nowMs = standing.avoidUntilMs;
  }
  assert.deepEqual(
    waits,
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map((s) => s * 1_000),
  );
});

test('many faults at once are one outage, and a lie among them weighs more', () => {
  const once = fault(neverAsked, 0);
  assert.deepEqual(fault(once, 0), once);
  assert.equal(fault(once, 500).faults, 1);
  assert.equal(fault(once, 500, lie).avoidUntilMs, 60_500);
  const lied = fault(neverAsked, 0, lie);
  assert.deepEqual(fault(lied, 10), lied, 'silence does not shorten what a lie cost');
});

test('an answer ends the avoidance; what comes and goes is damped until it was good for long', () => {
  const good = afterAnswer(fault(neverAsked, 0), 300);
  assert.equal(good.avoidUntilMs, 300);
  const again = fault(good, 1_000);
  assert.equal(again.avoidUntilMs - 1_000, 2_000);
  const later = afterAnswer(again, 2_000);
  assert.equal(fault(later, 2_000 + maxMs).avoidUntilMs - 2_000 - maxMs, 4_000);
  assert.equal(fault(later, 2_001 + maxMs).avoidUntilMs - 2_001 - maxMs, 1_000);
});

test('a full parent is asked when it said, a minute later at most, and not by all at once', () => {
  const full = (retryAfter: string, fraction: number): number => {
    const details = retryAfterOf({ 'retry-after': retryAfter });
    const error = new XylemError('E_PARENT_UNREACHABLE', 'It answered 503.', { details });
    return afterFault(neverAsked, error, 0, fraction, maxMs).avoidUntilMs;
  };
  assert.deepEqual([full('20', 0), full('20', 0.5)], [20_000, 30_000]);
  assert.equal(full('86400', 0), 60_000);
  assert.deepEqual([full('0', 0.5), full('soon', 0.5)], [1_000, 1_000]);
});

test('those to be avoided come last, the soonest forgiven first, and its wait is known', () => {
  const standings = new Map([
    ['a', fault(neverAsked, 0, lie)],
    ['b', fault(neverAsked, 0)],
  ]);
  assert.deepEqual(inStanding(['a', 'b', 'c'], standings, 500), ['c', 'b', 'a']);
  assert.deepEqual(inStanding(['a', 'b', 'c'], standings, 1_000), ['b', 'c', 'a']);
  assert.equal(untilForgivenMs(['a', 'b', 'c'], standings, 400), 600);
  assert.equal(untilForgivenMs(['a', 'b'], standings, 1_000), 59_000);
  assert.equal(untilForgivenMs(['b', 'c'], standings, 1_000), null);
  // It was avoided when another was taken: no wait, which is not the same as nobody to wait for.
  assert.equal(untilForgivenMs(['b', 'c'], standings, 1_001, 999), 0);
});

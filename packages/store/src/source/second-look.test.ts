import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterLook, type Doubt, firstRound, lookPauseMs, stillDoubted, whomToAsk } from './second-look.ts';

const look = (before: Doubt | null, shown: number, found: number, witness = 'b', nowMs = 100) =>
  afterLook(before, { parent: 'a', shown, witness, found, nowMs });

test('a parent is doubted from the first sight of what it does not show, until it shows as much', () => {
  assert.equal(look(null, 5, 5), null);
  assert.equal(look(null, 5, 4), null);
  const doubt = look(null, 5, 7);
  assert.deepEqual(doubt, { parent: 'a', witness: 'b', snapshot: 7, sinceMs: 100 });
  assert.deepEqual(look(doubt, 6, 9, 'c', 200), { ...doubt, witness: 'c' }, 'another confirms: since then');
  assert.deepEqual(look(doubt, 5, 6, 'c', 200), doubt, 'who shows less than that is no witness of it');
  assert.deepEqual(look(doubt, 7, 8, 'b', 200)?.sinceMs, 200, 'it caught up: what is newer yet begins anew');
  assert.equal(stillDoubted(doubt, 'a', 7), null);
  assert.equal(stillDoubted(doubt, 'b', 5), null, 'another is the parent now');
  assert.equal(stillDoubted(doubt, 'a', 6), doubt);
});

test('a witness who takes it back is none; another who is behind itself takes nothing back', () => {
  const doubt = look(null, 5, 7);
  assert.equal(look(doubt, 5, 5), null);
  assert.deepEqual(look(doubt, 5, 5, 'c'), doubt);
});

test('equals are asked in five rounds of six, higher nodes in the sixth, wherever the rounds begin', () => {
  const asked = [0, 1, 2, 3, 4, 5].map((round) => whomToAsk(['b', 'c'], ['r'], round, 0.5));
  assert.deepEqual(asked, ['c', 'c', 'c', 'c', 'c', 'r']);
  assert.equal(whomToAsk([], ['r'], 3, 0), null);
  assert.equal(whomToAsk(['b'], [], 5, 0.999), 'b');
  assert.equal(whomToAsk([], [], 5, 0), null);
  assert.deepEqual([0, 0.5, 0.999].map(firstRound), [0, 3, 5]);
  assert.deepEqual(
    [0, 0.999999].map((fraction) => Math.round(lookPauseMs(600, fraction))),
    [300, 900],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import { missingPaths, nextRoots, withVersion } from './make-news.ts';
import { nothingServed } from './served.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const nodes = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `o/${environment}/${String(index).padStart(64, '0')}`);

test('a news file holds what changed, and release timestamps always', () => {
  const timestamp = `r/${'a'.repeat(32)}/metadata/timestamp.json`;
  const former = ['r/x/metadata/1.snapshot.json', timestamp];
  const current = ['r/x/metadata/2.snapshot.json', timestamp];
  assert.deepEqual(missingPaths(environment, current, former), current);
  assert.deepEqual(missingPaths(environment, former, former), [timestamp]);
});

test('more than 64 changed host map nodes are left to be fetched one by one', () => {
  assert.equal(missingPaths(environment, [...nodes(64), 'p'], []).length, 65);
  assert.deepEqual(missingPaths(environment, [...nodes(65), 'p'], []), ['p']);
});

test('the history keeps eight versions to come from, and the next roots are those after the newest', () => {
  let history = nothingServed.history;
  for (let snapshot = 1; snapshot <= 20; snapshot += 1) {
    history = withVersion({ ...nothingServed, history }, snapshot, [`path ${snapshot}`]);
  }
  assert.deepEqual(
    history.map(({ snapshot }) => snapshot),
    [20, 19, 18, 17, 16, 15, 14, 13, 12],
  );
  const folder = `r/${'a'.repeat(32)}/metadata`;
  assert.deepEqual(
    nextRoots([`${folder}/2.root.json`, `${folder}/10.root.json`, `${folder}/11.snapshot.json`]),
    [`${folder}/11.root.json`],
  );
});

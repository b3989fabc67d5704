import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest, EnvironmentId } from '@xylem/core';
import { missingPaths, nextRoots, withVersion } from './make-news.ts';
import { nothingServed, type Served } from './served.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const nodes = (count: number): Digest[] =>
  Array.from({ length: count }, (_, index) => String(index).padStart(64, '0') as Digest);
const node = (digest: Digest): string => `o/${environment}/${digest}`;

test('a news file holds what changed, and release timestamps always', () => {
  const timestamp = `r/${'a'.repeat(32)}/metadata/timestamp.json`;
  const former = { snapshot: 1, paths: ['r/x/metadata/1.snapshot.json', timestamp] };
  const current = { snapshot: 2, paths: ['r/x/metadata/2.snapshot.json', timestamp], nodes: [] };
  assert.deepEqual(missingPaths(environment, [current, former], 1), current.paths);
  const again = { ...former, snapshot: 2, nodes: [] };
  assert.deepEqual(missingPaths(environment, [again, former], 1), [timestamp]);
});

test('host map nodes of all versions between travel along, and more than 64 are left to be fetched', () => {
  const [a, b, c] = nodes(3) as [Digest, Digest, Digest];
  const versions = (...added: (Digest[] | undefined)[]) =>
    added.map((some, at) => ({
      snapshot: 9 - at,
      paths: ['p'],
      ...(some === undefined ? {} : { nodes: some }),
    }));
  const history = versions([a], [b, a], undefined, [c]);
  assert.deepEqual(missingPaths(environment, history, 1), [node(a)]);
  assert.deepEqual(missingPaths(environment, history, 2), [node(a), node(b)]);
  assert.deepEqual(missingPaths(environment, history, 3), []);
  const many = versions(nodes(64), [a], []);
  assert.equal(missingPaths(environment, many, 2).length, 64);
  assert.deepEqual(missingPaths(environment, versions(nodes(64), ['f'.repeat(64) as Digest], []), 2), []);
});

test('a version names the nodes that are new in it, as long as the newest still has them', () => {
  const [a, b, c] = nodes(3) as [Digest, Digest, Digest];
  let served: Served = nothingServed;
  const next = (snapshot: number, now: readonly Digest[], before: readonly Digest[] | null) => {
    const of = { now, before: before === null ? null : new Set(before) };
    served = { ...served, history: withVersion(served, snapshot, [], of) };
    return served.history.map(({ nodes: some }) => some);
  };
  assert.deepEqual(next(1, [a], null), [undefined]);
  assert.deepEqual(next(2, [a, b], [a]), [[b], undefined]);
  assert.deepEqual(next(3, [a, c], [a, b]), [[c], [], undefined]);
  assert.deepEqual(next(4, nodes(65), []), [undefined, [c], [], undefined]);
});

test('the history keeps eight versions to come from, and the next roots are those after the newest', () => {
  let history = nothingServed.history;
  for (let snapshot = 1; snapshot <= 20; snapshot += 1) {
    history = withVersion({ ...nothingServed, history }, snapshot, [`path ${snapshot}`], {
      now: [],
      before: null,
    });
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

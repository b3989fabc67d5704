import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Parents as Surroundings, XylemError } from '@xylem/core';
import { type HttpClient, type Randomness, silentLog } from '@xylem/platform';
import { testClock } from '@xylem/testkit';
import { type Parents, parentsOf } from './parents.ts';

const own = 'https://own';
const siblings = ['https://a', 'https://b', 'https://c'];
const silence = new XylemError('E_PARENT_UNREACHABLE', 'nobody', { retry: 'elsewhere' });

/** Another for each host, and the same each time that the test runs. */
function drawnBy(host: number): Randomness {
  let draws = 0;
  const bytes = (count: number): Buffer => {
    draws += 1;
    return createHash('sha256').update(`${host} ${draws}`).digest().subarray(0, count);
  };
  return { bytes, fraction: () => bytes(4).readUInt32BE() / 2 ** 32 };
}

function saidBy(url: string, siblings: string[], above: string[] = []): Surroundings {
  return { format: 'xylem-parents-1', self: { url, host: null }, siblings, above };
}

/** A host that has heard of its parent's siblings, and then nothing more of its parent. */
function orphan(host: number): Parents {
  const parents = parentsOf({
    http: {} as HttpClient,
    clock: testClock(),
    randomness: drawnBy(host),
    log: silentLog,
    wanted: () => [own],
    returnToFirstMs: 60_000,
  });
  parents.learn(own, saidBy(own, siblings, ['https://above']));
  parents.use(own);
  parents.blame(own, silence);
  return parents;
}

const firstOf = (parents: Parents): string => parents.urls()[0] ?? '';

test('the children of a dead parent spread over its siblings, and those of a dead sibling over the others', () => {
  const hosts = Array.from({ length: 3_000 }, (_, host) => orphan(host));
  const bySibling = Map.groupBy(hosts, firstOf);
  assert.deepEqual([...bySibling.keys()].sort(), siblings);
  for (const [url, { length }] of bySibling) assert.ok(length > 900 && length < 1_100, `${url}: ${length}`);

  const left = bySibling.get('https://b') ?? [];
  for (const parents of left) parents.blame('https://b', silence);
  const next = Map.groupBy(left, firstOf);
  assert.deepEqual([...next.keys()].sort(), ['https://a', 'https://c']);
  for (const [url, { length }] of next)
    assert.ok(Math.abs(length - left.length / 2) < left.length / 10, `${url}: ${length} of ${left.length}`);
});

test('a host takes siblings in the same order each time, but for the one in use', () => {
  for (let host = 0; host < 100; host += 1) {
    const parents = orphan(host);
    const [first = '', second = '', third = '', ...rest] = parents.urls();
    assert.deepEqual(rest.sort(), ['https://above', own]);
    parents.learn(first, saidBy(first, [third, second]));
    assert.deepEqual(parents.urls().slice(0, 3), [first, second, third]);
    parents.use(third);
    assert.deepEqual(parents.urls().slice(0, 3), [third, first, second]);
  }
});

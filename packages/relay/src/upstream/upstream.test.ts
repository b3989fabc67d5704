import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { type HttpClient, silentLog } from '@xylem/platform';
import { testClock } from '@xylem/testkit';
import { Upstream } from './upstream.ts';

const [slow, other, root] = ['https://slow', 'https://other', 'https://root'] as const;
const object = `o/${'0'.repeat(32)}/${'1'.repeat(64)}`;

function upstreamOf() {
  const clock = testClock();
  const http = {
    request: async () => ({ status: 200, headers: {}, body: Readable.from([]) }),
  } as unknown as HttpClient;
  const upstream = new Upstream({
    http,
    parents: () => [slow, other, root],
    above: () => [root],
    clock,
    randomness: { bytes: (count) => Buffer.alloc(count), fraction: () => 0.5 },
    log: silentLog,
    turnsOf: () => null,
  });
  const first = (path: string): Promise<string> => upstream.attempt(path, async ({ name }) => name);
  const rivals = (name: string): string[] =>
    (upstream.comparison ?? assert.fail()).rivalsOf(name).map((source) => source.name);
  const higher = (name: string): string[] =>
    (upstream.comparison ?? assert.fail()).higher.rivalsOf(name).map((source) => source.name);
  return { clock, upstream, first, rivals, higher };
}

test('a relay compares its parents with others that the operator named, not with one that lied, with higher nodes only later', () => {
  const { upstream, rivals, higher } = upstreamOf();
  assert.deepEqual(rivals(slow), [other]);
  assert.deepEqual(higher(slow), [root]);
  assert.deepEqual(rivals('https://of-this-site'), []);
  upstream.leave(other);
  assert.deepEqual(rivals(slow), []);
});

test('a parent found slow comes last for objects for a minute, and stays the parent', async () => {
  const { clock, upstream, first, rivals } = upstreamOf();
  assert.equal(await first('news'), slow);
  const verdict = new XylemError('E_PARENT_SLOW', 'It is slow.', { details: { slower: [slow] } });
  await assert.rejects(
    upstream.attempt(object, async () => Promise.reject(verdict)),
    verdict,
  );
  assert.equal(upstream.current, slow);
  assert.deepEqual([await first(object), await first('news')], [other, slow]);
  assert.deepEqual(rivals(other), []);
  await clock.advance(60_000);
  assert.equal(await first(object), slow);
});

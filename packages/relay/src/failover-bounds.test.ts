import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { type EnvironmentId, limits } from '@xylem/core';
import { type HttpClient, type HttpRequest, silentLog } from '@xylem/platform';
import { comparisonTiming, httpSource, wholeWithinMs } from '@xylem/store';
import { testClock } from '@xylem/testkit';
import { relayTiming } from './defaults.ts';
import { askNews, pollTimestamp } from './follow/ask-news.ts';
import type { EnvironmentCopy, Tip } from './follow/environment-copy.ts';
import { SecondLooks } from './follow/second-looks.ts';
import { Worker } from './follow/worker.ts';
import { Upstream } from './upstream/upstream.ts';

/** Milliseconds: each number of seconds in what docs/spec/failover.md says of a kind of bad parent, in its third column. */
const table = await readFile(new URL('../../../docs/spec/failover.md', import.meta.url), 'utf8');
function leftWithin(kind: string): number[] {
  const rows = table.split('\n').filter((line) => line.startsWith(`| ${kind}`));
  assert.equal(rows.length, 1, kind);
  const said = rows[0]?.split(' | ')[2] ?? '';
  return [...said.matchAll(/([0-9,]+) s\b/g)].map(
    ([, seconds = '']) => 1000 * Number(seconds.replaceAll(',', '')),
  );
}

const environment = 'e'.repeat(32) as EnvironmentId;
const [first, other] = ['https://first', 'https://other'] as const;
const longest = 0.9999;
const randomness = { bytes: (count: number) => Buffer.alloc(count), fraction: () => longest };
const { signal } = new AbortController();

/** A parent that begins an answer, and never ends it. */
function endless() {
  const asked: HttpRequest[] = [];
  const http = {
    request: async (request: HttpRequest) => {
      asked.push(request);
      const body = new PassThrough();
      request.signal?.addEventListener('abort', () => body.destroy(new Error('aborted')));
      return { status: 200, headers: {}, body };
    },
  } as unknown as HttpClient;
  return { http, asked };
}

test('a question for news has the time that is said to be connected, to be answered, and to be answered whole', async () => {
  const clock = testClock();
  const { http, asked } = endless();
  const question = { cursor: new Map([[environment, 1]]), isFull: false };
  const answer = askNews({ http, clock, timing: relayTiming }, first, question, signal).catch(
    (error: unknown) => error,
  );
  const [, wholeMs = 0] = leftWithin('answers news byte by byte');
  await clock.advance(wholeMs - 1);
  assert.equal(clock.sleepers(), 1);
  await clock.advance(1);
  assert.equal(((await answer) as { code: string }).code, 'E_PARENT_STALE');
  const [, heldMs = 0] = leftWithin('as before, while a request for news is held');
  assert.equal(asked[0]?.idleTimeoutMs, heldMs);
  assert.ok(heldMs > relayTiming.holdMs, 'a parent that is a relay answers before that');
  assert.equal(asked[0]?.connectMs, leftWithin('drops packets')[0]);
});

test('a timestamp, and metadata of which only the limit is known, have the time that is said', async () => {
  const clock = testClock();
  const { http } = endless();
  const asking = { clock, timing: relayTiming };
  const polled = pollTimestamp(asking, httpSource(http, first), environment, undefined, signal).catch(
    (error: unknown) => error,
  );
  const [timestampMs = 0] = leftWithin('answers a timestamp, or about parents');
  await clock.advance(timestampMs - 1);
  assert.equal(clock.sleepers(), 1);
  await clock.advance(1);
  assert.equal(((await polled) as { code: string }).code, 'E_PARENT_STALE');
  const [leastMs, , rootRoleMs, largestMs] = leftWithin('gives metadata or a news file byte by byte');
  const upToSecond = (ms: number): number => Math.ceil(ms / 1000) * 1000;
  assert.equal(wholeWithinMs(0), leastMs);
  assert.equal(upToSecond(wholeWithinMs(limits.rootMetadata)), rootRoleMs);
  for (const bytes of [limits.metadata, limits.newsFile])
    assert.equal(upToSecond(wholeWithinMs(bytes)), largestMs);
});

test('a transfer is compared as soon as is said', () => {
  const [firstMs = 0, nextMs = 0] = leftWithin('slow: much less');
  const { afterMs, mostMs, againMs } = comparisonTiming;
  assert.ok(afterMs * 1.25 + mostMs <= firstMs);
  assert.ok(againMs + mostMs <= nextMs);
});

test('a relay looks at its disk as often, and calls itself cut off as soon, as is said', () => {
  const [leftMs = 0, saidMs, laterMs = 0] = leftWithin('its disk is full');
  assert.equal(relayTiming.roomLookMs, saidMs);
  assert.equal(relayTiming.roomLookMs + laterMs, leftMs);
  assert.match(table, new RegExp(`nothing for more than ${relayTiming.cutOffMs / 60_000} min, `));
});

/** A parent that shows nothing new for ever, and another that has more; the relay takes what it is handed. */
async function freeze(isAbove: boolean) {
  const clock = testClock();
  const [old, newer] = [1, 2].map((version) => ({
    _type: 'timestamp',
    spec_version: '1.0.31',
    version,
    expires: '2030-01-01T00:00:00Z',
    meta: { 'snapshot.json': { version } },
  }));
  const http = {
    request: async ({ url }: HttpRequest) => {
      const signed = url.startsWith(first) ? old : newer;
      const body = Readable.from([Buffer.from(JSON.stringify({ signatures: [], signed }))]);
      return { status: 200, headers: {}, body };
    },
  } as unknown as HttpClient;
  const upstream = new Upstream({
    http,
    parents: () => [first, other],
    above: () => (isAbove ? [other] : []),
    clock,
    randomness,
    log: silentLog,
    turnsOf: () => null,
  });
  await upstream.attempt('news', async () => undefined);
  assert.equal(upstream.current, first);
  const copy = { snapshot: 1 };
  const worker = {
    copy,
    get cursor() {
      return copy.snapshot;
    },
    tell: ({ snapshot }: Tip) => {
      copy.snapshot = snapshot;
    },
  } as unknown as Worker;
  const stop = new AbortController();
  const behind: string[] = [];
  // The longest pauses, and of the rounds the first of those in which higher nodes are not asked.
  const draws = [longest, 0];
  const looks = new SecondLooks({
    upstream,
    workers: () => new Map([[environment, worker]]),
    clock,
    randomness: { ...randomness, fraction: () => draws.shift() ?? longest },
    log: silentLog,
    timing: relayTiming,
    signal: stop.signal,
    onBehind: (fault) => behind.push(fault?.code ?? 'over'),
  });
  const running = looks.run();
  const began = clock.monotonicMs();
  while (behind.length === 0 && clock.monotonicMs() - began < 10_000_000) await clock.advance(10_000);
  const tookMs = clock.monotonicMs() - began;
  stop.abort();
  await running;
  assert.deepEqual(behind, ['E_PARENT_BEHIND']);
  await upstream.attempt('news', async () => undefined);
  assert.equal(upstream.current, other);
  return tookMs;
}

test('a parent that freezes a relay is left within the time that is said, by a sibling’s word or by that of a higher node', async () => {
  const [besidesMs = 0, aboveMs = 0] = leftWithin('freezes: ');
  const tookMs = [await freeze(false), await freeze(true)] as const;
  assert.ok(tookMs[0] <= besidesMs && tookMs[1] <= aboveMs, tookMs.join(' '));
});

test('a relay asks for a newer timestamp from 20 h on each half hour, so that a stale parent is left within 26 h 30 min', async () => {
  const hourMs = 3_600_000;
  assert.match(table, /^\| stale: .* \| 26 h 30 min \| /m);
  assert.deepEqual([relayTiming.timestampOldMs, relayTiming.parentStaleMs], [20 * hourMs, 26 * hourMs]);
  const clock = testClock();
  const began = clock.now();
  const askedMs: number[] = [];
  const copy = {
    id: environment,
    snapshot: 1,
    issuedMs: began,
    update: async () => {
      askedMs.push(clock.now() - began);
      return null;
    },
  } as unknown as EnvironmentCopy;
  const worker = new Worker({
    copy,
    faults: { set: () => undefined, clear: () => undefined } as never,
    clock,
    randomness,
    log: silentLog,
    timing: relayTiming,
    enter: async () => () => undefined,
    onFalseNews: () => undefined,
    onCursorBack: () => undefined,
  });
  // It is looked whether that is due before each question for news, the longest of which ends after this.
  for (; clock.now() - began < 27 * hourMs; await clock.advance(relayTiming.newsHoldMs * 2))
    worker.renewIfDue();
  const pauses = askedMs.map((ms, at) => ms - (askedMs[at - 1] ?? 20 * hourMs));
  assert.ok(askedMs[0] !== undefined && askedMs[0] >= 20 * hourMs);
  assert.ok(Math.max(...pauses) <= hourMs / 2, pauses.join(' '));
});

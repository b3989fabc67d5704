import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { HttpClient, HttpRequest } from '@xylem/platform';
import { silentLog } from '@xylem/platform';
import { removeLater, testClock } from '@xylem/testkit';
import type { Identity } from '@xylem/trust';
import { parentsOf } from '../parents/parents.ts';
import { defaultTiming } from '../run/timing.ts';
import { followDirection } from './follow.ts';
import type { Refresher } from './refresh.ts';

const environment = { id: 'e'.repeat(32), name: 'acme/production' };
const [first, second] = ['https://first', 'https://second'];
const timestamp = { signed: { version: 1, meta: { 'snapshot.json': { version: 1 } } } };
const nothing = async (): Promise<void> => undefined;

/** Two parents that have all, with the times of this program; of the first it can be said that its disk is full. */
function belowTwo() {
  const clock = testClock();
  const randomness = { fraction: () => 0.999, bytes: (size: number) => Buffer.alloc(size, 1) };
  const asked: { readonly atMs: number; readonly parent: string; readonly path: string }[] = [];
  const told = new Set<() => void>();
  let isFull = false;
  const newsOf = async (parent: string, { searchParams }: URL, signal: AbortSignal | undefined) => {
    const says = (): boolean => parent === first && isFull;
    const knows = searchParams.get('full') === '1';
    if (says() === knows && !searchParams.get('since')?.endsWith('.0')) {
      const over = new AbortController();
      const wake = (): void => over.abort();
      told.add(wake);
      const ends = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
      await clock.sleep(50_000, ends).catch(() => undefined);
      told.delete(wake);
      signal?.throwIfAborted();
    }
    return { format: 'xylem-news-1', changed: [], ...(says() ? { fullForMs: 1 } : {}) };
  };
  const answer = async ({ url, signal }: HttpRequest): Promise<object | null> => {
    const at = new URL(url);
    asked.push({ atMs: clock.monotonicMs(), parent: at.origin, path: at.pathname });
    if (at.pathname === '/news') return await newsOf(at.origin, at, signal);
    return at.pathname.endsWith('/timestamp.json') ? timestamp : null;
  };
  const request = async (asks: HttpRequest) => {
    const found = await answer(asks);
    const body = Readable.from([Buffer.from(JSON.stringify(found))]);
    return { status: found === null ? 404 : 200, headers: {}, body };
  };
  const http = { request } as unknown as HttpClient;
  const refresher = {
    accepted: () => null,
    snapshot: () => 1,
    timestamp: () => 1,
    timestampSignedMs: () => clock.now(),
    incomplete: () => null,
    settled: () => true,
    through: nothing,
  } as unknown as Refresher;
  const options = { http, clock, randomness, log: silentLog };
  const parents = parentsOf({
    ...options,
    wanted: () => [first, second],
    returnToFirstMs: defaultTiming.returnToFirstMs,
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      await clock.advance(250);
      // Answers are streams: they take turns of the event loop that no clock knows of.
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    clock,
    parents,
    pass,
    /** The requests since, by parent. */
    since: (atMs: number, parent: string) => asked.filter((one) => one.atMs > atMs && one.parent === parent),
    full: (now: boolean) => {
      isFull = now;
      for (const wake of told) wake();
    },
    follow: (signal: AbortSignal) =>
      followDirection({
        ...options,
        parents,
        signal,
        refresher,
        identity: { environment } as Identity,
        timing: defaultTiming,
        onFault: () => undefined,
        onBehind: () => undefined,
        onFull: () => undefined,
        untilSaid: async () => undefined,
      }),
  };
}

test('a full parent is left within 3 s, asked after 45 to 75 s whether it still is, and taken again when it is not', async (t) => {
  const { clock, parents, pass, since, full, follow } = belowTwo();
  const stop = new AbortController();
  removeLater(t, () => stop.abort());
  void follow(stop.signal);
  await pass(5_000);
  assert.equal(parents.current()?.url, first);

  const fullAtMs = clock.monotonicMs();
  full(true);
  await pass(3_250);
  assert.equal(parents.current()?.url, second);
  const [left] = since(fullAtMs, second);
  assert.ok(left !== undefined && left.atMs >= fullAtMs + 1_000, 'not all children at the same moment');

  const leftAtMs = clock.monotonicMs();
  await pass(76_000);
  assert.deepEqual(
    since(leftAtMs, first).map(({ path }) => path),
    ['/news'],
  );
  assert.equal(parents.current()?.url, second);
  full(false);
  await pass(151_000);
  assert.equal(parents.current()?.url, first);
  assert.equal(parents.full(), null);
});

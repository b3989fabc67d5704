import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { type HttpClient, silentLog } from '@xylem/platform';
import { Fullness } from '@xylem/store';
import { testClock, waitUntil } from '@xylem/testkit';
import { generateKey, signEnvelope } from '@xylem/trust';
import type { Told } from '../direction/told.ts';
import type { Parents } from '../parents/parents.ts';
import { defaultTiming } from '../run/timing.ts';
import type { ReportBody } from './build.ts';
import { reporter } from './send.ts';

const envelope = signEnvelope('application/vnd.xylem.report+json', Buffer.from('{}'), generateKey());

const nothing = { facts: {}, components: [], waiting: [], releases: {} };

/** A reporter of a host to whose parents everything comes, once `isUp`; the first that is asked takes it. */
function reporting(options: {
  readonly isUp: () => boolean;
  readonly body?: () => object;
  readonly told?: () => Told;
  readonly isSettled?: () => boolean;
  readonly covered?: true;
  readonly parents?: readonly string[];
  /** What is drawn each time. */
  readonly fraction?: number;
}) {
  const clock = testClock();
  const ended = new AbortController();
  const sentAtMs: number[] = [];
  const sentTo: string[] = [];
  const { parents = ['https://parent'], fraction = 0.5 } = options;
  const kept: ReportBody[] = [];
  const wentUp: Uint8Array[] = [];
  const http: Pick<HttpClient, 'request'> = {
    request: async ({ method, url }) => {
      if (!options.isUp()) throw new XylemError('E_PARENT_UNREACHABLE', 'nobody', { retry: 'elsewhere' });
      if (method === 'POST') {
        sentAtMs.push(clock.monotonicMs());
        sentTo.push(new URL(url).origin);
      }
      const body = Readable.from([Buffer.from('{"format":"xylem-taken-1","watermarks":[]}')]);
      return { status: 202, headers: {}, body } as unknown as Awaited<ReturnType<HttpClient['request']>>;
    },
  };
  const reports = reporter({
    parents: { urls: () => [...parents], fullness: new Fullness(clock, () => 0.5) } as Parents,
    http: http as HttpClient,
    clock,
    randomness: { fraction: () => fraction, bytes: (count) => Buffer.alloc(count) },
    log: silentLog,
    signal: ended.signal,
    host: 'a'.repeat(32),
    spool: {
      put: async (body) => void kept.push(body),
      wentUp: (envelope) => void wentUp.push(envelope),
      pending: () => (options.covered === true ? null : envelope),
      cover: async () => false,
    },
    timing: defaultTiming,
    allowPlainHttp: () => false,
    body: async () => (options.body?.() ?? nothing) as unknown as ReportBody,
    told: options.told ?? (() => ({ atOnce: '', work: '' })),
    isSettled: options.isSettled ?? (() => true),
    collectorKey: () => null,
    everyMs: () => 3_600_000,
  });
  const over = reports.run();
  const end = async (): Promise<void> => {
    ended.abort();
    await over;
  };
  return { clock, reports, sentAtMs, sentTo, kept, wentUp, end };
}

test('a report that nobody took for long is sent within seconds once a parent answers again', async () => {
  let isUp = false;
  const { clock, reports, sentAtMs, wentUp, end } = reporting({ isUp: () => isUp });
  await clock.advance(1_800_000);
  isUp = true;
  await clock.advance(1_000);
  assert.deepEqual(sentAtMs, [], 'the next attempt by itself is minutes away');
  assert.deepEqual(wentUp, []);
  reports.parentIsBack();
  await clock.advance(defaultTiming.reportRetryMinMs);
  await waitUntil(() => sentAtMs.length > 0);
  await waitUntil(() => wentUp.length > 0);
  assert.equal(wentUp[0], envelope, 'the spool counts it no more when it is replaced');
  await end();
});

test('a report that was taken is looked after for longer than one that was not', async () => {
  const { clock, sentAtMs, end } = reporting({ isUp: () => true });
  await waitUntil(() => sentAtMs.length === 1);
  await clock.advance(defaultTiming.reportLookMs * 0.9);
  assert.equal(sentAtMs.length, 1);
  await clock.advance(defaultTiming.reportLookMs * 0.2);
  await waitUntil(() => sentAtMs.length === 2);
  await clock.advance(defaultTiming.reportLookMs * 1.5);
  assert.equal(sentAtMs.length, 2, 'the pause doubles');
  await clock.advance(defaultTiming.reportLookMs * 0.6);
  await waitUntil(() => sentAtMs.length === 3);
  await end();
});

test('what there is to do is reported with what came of it, or after a while', async () => {
  let [work, version, isSettled] = ['none', '1.0.0', true];
  const { clock, reports, kept, end } = reporting({
    isUp: () => true,
    body: () => ({ ...nothing, agent: version }),
    told: () => ({ atOnce: '', work }),
    isSettled: () => isSettled,
    covered: true,
  });
  const given = async (next: string): Promise<void> => {
    [work, isSettled] = [next, false];
    reports.poke();
    await clock.advance(defaultTiming.reportWorkMs * 0.9);
  };
  const settle = async (): Promise<void> => {
    isSettled = true;
    reports.poke();
    await clock.advance(defaultTiming.reportCoalesceMs);
  };
  const versions = () => kept.map(({ agent }) => agent);
  await waitUntil(() => kept.length === 1);
  await given('update');
  assert.deepEqual(versions(), ['1.0.0']);
  version = '2.0.0';
  await settle();
  assert.deepEqual(versions(), ['1.0.0', '2.0.0']);
  await given('a deployment of what is there');
  assert.equal(kept.length, 2);
  await settle();
  assert.equal(kept.length, 3, 'the deployment waits for a word');
  await given('something long');
  assert.equal(kept.length, 3);
  await clock.advance(defaultTiming.reportWorkMs * 0.2);
  assert.equal(kept.length, 4);
  await settle();
  assert.equal(kept.length, 4, 'it was said');
  await end();
});

test('where direction stands goes with the next report; what it says to this host makes one', async () => {
  let [number, told] = [1, { atOnce: 'a', work: '' }];
  const { clock, reports, kept, end } = reporting({
    isUp: () => true,
    body: () => ({ ...nothing, direction: { snapshot: number, number }, releases: { repository: number } }),
    told: () => told,
    covered: true,
  });
  const numbers = () => kept.map(({ direction }) => direction.number);
  await waitUntil(() => kept.length === 1);
  number = 2;
  reports.poke();
  await clock.advance(60_000);
  assert.deepEqual(numbers(), [1]);
  number = 3;
  told = { atOnce: 'b', work: '' };
  reports.poke();
  await clock.advance(60_000);
  assert.deepEqual(numbers(), [1, 3]);
  number = 4;
  reports.poke();
  await clock.advance(3_600_000 * 0.94 - 60_000);
  assert.deepEqual(numbers(), [1, 3]);
  await clock.advance(3_600_000 * 0.02);
  assert.deepEqual(numbers(), [1, 3, 4]);
  await end();
});

test('a parent that takes a report and never passes it on has it twice; within 99 s the next one is sent it', async () => {
  const [dropping, next] = ['https://dropping', 'https://next'];
  const { clock, sentAtMs, sentTo, end } = reporting({
    isUp: () => true,
    parents: [dropping, next],
    fraction: 0.9999,
  });
  await waitUntil(() => sentTo.length === 1);
  for (let passedMs = 0; passedMs < 100_000 && sentTo.length < 3; passedMs += 500) await clock.advance(500);
  assert.deepEqual(sentTo, [dropping, dropping, next]);
  assert.ok((sentAtMs[2] ?? 0) - (sentAtMs[0] ?? 0) <= 99_000, sentAtMs.join(' '));
  await end();
});

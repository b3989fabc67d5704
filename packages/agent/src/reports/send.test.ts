import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { type HttpClient, silentLog } from '@xylem/platform';
import { testClock, waitUntil } from '@xylem/testkit';
import { generateKey, signEnvelope } from '@xylem/trust';
import type { Parents } from '../parents/parents.ts';
import { defaultTiming } from '../run/timing.ts';
import type { ReportBody } from './build.ts';
import { reporter } from './send.ts';

const envelope = signEnvelope('application/vnd.xylem.report+json', Buffer.from('{}'), generateKey());

const nothing = { facts: {}, components: [], waiting: [], releases: {} };

/** A reporter of a host to whose parent everything comes, once `isUp`. */
function reporting(options: {
  readonly isUp: () => boolean;
  readonly body?: () => object;
  readonly told?: () => string;
  readonly covered?: true;
}) {
  const clock = testClock();
  const ended = new AbortController();
  const sentAtMs: number[] = [];
  const kept: ReportBody[] = [];
  const http: Pick<HttpClient, 'request'> = {
    request: async ({ method }) => {
      if (!options.isUp()) throw new XylemError('E_PARENT_UNREACHABLE', 'nobody', { retry: 'elsewhere' });
      if (method === 'POST') sentAtMs.push(clock.monotonicMs());
      const body = Readable.from([Buffer.from('{"format":"xylem-taken-1","watermarks":[]}')]);
      return { status: 202, headers: {}, body } as unknown as Awaited<ReturnType<HttpClient['request']>>;
    },
  };
  const reports = reporter({
    parents: { urls: () => ['https://parent'] } as Parents,
    http: http as HttpClient,
    clock,
    randomness: { fraction: () => 0.5, bytes: (count) => Buffer.alloc(count) },
    log: silentLog,
    signal: ended.signal,
    host: 'a'.repeat(32),
    spool: {
      put: async (body) => void kept.push(body),
      pending: () => (options.covered === true ? null : envelope),
      cover: async () => false,
    },
    timing: defaultTiming,
    allowPlainHttp: () => false,
    body: async () => (options.body?.() ?? nothing) as unknown as ReportBody,
    told: options.told ?? (() => ''),
    collectorKey: () => null,
    everyMs: () => 3_600_000,
  });
  const over = reports.run();
  const end = async (): Promise<void> => {
    ended.abort();
    await over;
  };
  return { clock, reports, sentAtMs, kept, end };
}

test('a report that nobody took for long is sent within seconds once a parent answers again', async () => {
  let isUp = false;
  const { clock, reports, sentAtMs, end } = reporting({ isUp: () => isUp });
  await clock.advance(1_800_000);
  isUp = true;
  await clock.advance(1_000);
  assert.deepEqual(sentAtMs, [], 'the next attempt by itself is minutes away');
  reports.parentIsBack();
  await clock.advance(defaultTiming.reportRetryMinMs);
  await waitUntil(() => sentAtMs.length > 0);
  await end();
});

test('where direction stands goes with the next report; what it says to this host makes one', async () => {
  let [number, told] = [1, 'a'];
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
  told = 'b';
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

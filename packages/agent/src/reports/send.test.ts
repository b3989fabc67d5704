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

test('a report that nobody took for long is sent within seconds once a parent answers again', async () => {
  const clock = testClock();
  const ended = new AbortController();
  let isUp = false;
  const sentAtMs: number[] = [];
  const http: Pick<HttpClient, 'request'> = {
    request: async ({ method }) => {
      if (!isUp) throw new XylemError('E_PARENT_UNREACHABLE', 'nobody', { retry: 'elsewhere' });
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
      put: async () => undefined,
      pending: () => envelope,
      cover: async () => false,
    },
    timing: defaultTiming,
    allowPlainHttp: () => false,
    body: async () => ({ facts: {}, components: [], waiting: [] }) as unknown as ReportBody,
    collectorKey: () => null,
    everyMs: () => 3_600_000,
  });
  const over = reports.run();
  await clock.advance(1_800_000);
  isUp = true;
  await clock.advance(1_000);
  assert.deepEqual(sentAtMs, [], 'the next attempt by itself is minutes away');
  reports.parentIsBack();
  await clock.advance(defaultTiming.reportRetryMinMs);
  await waitUntil(() => sentAtMs.length > 0);
  ended.abort();
  await over;
});

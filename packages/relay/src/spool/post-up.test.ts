import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { HttpClient, HttpRequest } from '@xylem/platform';
import { testClock, waitUntil } from '@xylem/testkit';
import { postUp } from './post-up.ts';

test('an answer to reports that comes byte by byte is none after ten minutes: another parent gets them', async () => {
  const clock = testClock();
  const bodies: PassThrough[] = [];
  const http = {
    request: async ({ signal }: HttpRequest) => {
      const body = new PassThrough();
      signal?.addEventListener('abort', () => body.destroy(new Error('aborted')));
      bodies.push(body);
      return { status: 202, headers: {}, body };
    },
  } as unknown as HttpClient;
  const posted = { path: '/reports', body: Buffer.from('{}'), readsProofs: true, good: 202 } as const;
  const { signal } = new AbortController();
  const answer = postUp({ http, clock, signal }, 'https://parent', posted).catch((error: unknown) => error);
  const body = await waitUntil(() => bodies[0]);
  for (let minute = 0; minute < 10; minute += 1) {
    assert.ok(!body.destroyed, `after ${minute} min`);
    body.write(' '.repeat(66_000));
    await clock.advance(60_000);
  }
  const { code, retry } = (await answer) as { code: string; retry: string };
  assert.deepEqual([code, retry, clock.sleepers()], ['E_PARENT_STALE', 'elsewhere', 0]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock, waitUntil } from '@xylem/testkit';
import { drippingClient } from '../testing/dripping.ts';
import { postUp } from './post-up.ts';

test('an answer to reports that comes byte by byte is none after ten minutes: another parent gets them', async () => {
  const clock = testClock();
  const { http, bodies } = drippingClient(202);
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

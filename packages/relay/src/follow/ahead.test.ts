import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredState } from '@xylem/core';
import { testClock, waitUntil } from '@xylem/testkit';
import { Ahead } from './ahead.ts';

const hourMs = 3_600_000;

const frozen = (number: number, version: string) =>
  ({
    number,
    hostMap: 'a'.repeat(64),
    policy: { freezes: [{ name: 'quiet', zone: 'UTC', start: '2000-01-01T00:00', end: '2100-01-01T00:00' }] },
    assignments: [{ package: version }],
  }) as unknown as DesiredState;

test('states that come one after the other while all is frozen are in the background for a day together', async () => {
  const clock = testClock();
  const ahead = new Ahead(clock);
  const asked: { readonly number: number; readonly isBackground: boolean }[] = [];
  const begin = (state: DesiredState) => {
    const superseded = new AbortController();
    const over = ahead
      .fetch([state, frozen(1, 'old')], superseded.signal, (signal, isBackground) => {
        asked.push({ number: state.number, isBackground });
        // It comes in the foreground alone: others always go first.
        if (!isBackground) return Promise.resolve();
        return new Promise<void>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      })
      .catch(() => undefined);
    return { superseded, over };
  };

  const first = begin(frozen(2, 'new'));
  await waitUntil(() => asked.length === 1);
  await clock.advance(20 * hourMs);
  first.superseded.abort();
  await first.over;
  const second = begin(frozen(3, 'new'));
  await waitUntil(() => asked.length === 2);
  await clock.advance(5 * hourMs);
  await second.over;
  const third = begin(frozen(4, 'newer'));
  await waitUntil(() => asked.length === 4);
  assert.deepEqual(asked, [
    { number: 2, isBackground: true },
    { number: 3, isBackground: true },
    { number: 3, isBackground: false },
    { number: 4, isBackground: true },
  ]);
  third.superseded.abort();
  await third.over;
});

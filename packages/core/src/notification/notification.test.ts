import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterAttempt } from './attempts.ts';
import { topicFits, topicPatternSource, wantsNotification } from './topics.ts';

test('patterns of topics', () => {
  const fitting = ['*', 'deployment.*', 'deployment.failed'];
  const others = ['deployment', 'deploy.*', 'deployment.fail', 'deployment.failed.*', 'incident.*'];
  for (const pattern of fitting) assert.ok(topicFits(pattern, 'deployment.failed'), pattern);
  for (const pattern of others) assert.ok(!topicFits(pattern, 'deployment.failed'), pattern);
  for (const pattern of [...fitting, ...others]) assert.match(pattern, new RegExp(topicPatternSource));
  for (const pattern of ['', '*.failed', 'a.*.b', 'A', 'a..b', 'a*'])
    assert.doesNotMatch(pattern, new RegExp(topicPatternSource), pattern);
});

test('a scope is told of what lies within, and the installation only everything', () => {
  const topics = ['*'];
  const inProduction = { topic: 'x', tenant: 'acme', environment: 'acme/production' };
  const ofTenant = { topic: 'x', tenant: 'acme', environment: null };
  const ofAll = { topic: 'x', tenant: null, environment: null };
  const told = (scope: string) =>
    [inProduction, ofTenant, ofAll].map((happened) => wantsNotification({ topics, scope }, happened));
  assert.deepEqual(told('*'), [true, true, true]);
  assert.deepEqual(told('acme'), [true, true, false]);
  assert.deepEqual(told('acme/production'), [true, false, false]);
  assert.deepEqual(told('acme/prod'), [false, false, false]);
  assert.deepEqual(told('other'), [false, false, false]);
});

test('waits grow threefold to four hours, and the fifteenth failure is the last', () => {
  const waits: number[] = [];
  for (let attempts = 0; ; attempts += 1) {
    const after = afterAttempt({ attempts, queuedMs: 0 }, { kind: 'failed' }, 1000, 0.5);
    if (after.state !== 'pending') break;
    waits.push((after.nextMs - 1000) / 1000);
  }
  assert.deepEqual(waits.slice(0, 7), [10, 30, 90, 270, 810, 2430, 7290]);
  assert.deepEqual(waits.slice(7), Array(7).fill(14_400));
});

test('what chance and the receiver say stays within bounds', () => {
  const next = (fraction: number, retryAfterMs = 0) => {
    const outcome = { kind: 'failed', retryAfterMs } as const;
    const after = afterAttempt({ attempts: 0, queuedMs: 0 }, outcome, 0, fraction);
    return after.state === 'pending' ? after.nextMs : null;
  };
  assert.equal(next(0), 8000);
  assert.equal(next(1), 12_000);
  assert.equal(next(0.5, 60_000), 60_000);
  assert.equal(next(0.5, 1), 10_000, 'never sooner');
  assert.equal(next(0.5, 1e12), 4 * 3600_000);
});

test('too old is dead, but never untried; gone is dead at once', () => {
  const old = { attempts: 0, queuedMs: 0 };
  const later = 73 * 3600_000;
  assert.deepEqual(afterAttempt(old, { kind: 'failed' }, later, 0), { state: 'dead' });
  assert.deepEqual(afterAttempt(old, { kind: 'delivered' }, later, 0), { state: 'delivered' });
  assert.deepEqual(afterAttempt(old, { kind: 'gone' }, 0, 0), { state: 'dead' });
});

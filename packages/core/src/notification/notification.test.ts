import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notification } from '../wire/index.ts';
import { alertmanagerBody } from './alertmanager.ts';
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

test("an incident as Alertmanager's webhook has the documented shape, and fires until it is closed", () => {
  const told = (details: object): Notification => ({
    format: 'xylem-notification-1',
    type: 'incident.opened',
    timestamp: '2026-11-21T03:28:06Z' as Notification['timestamp'],
    data: {
      tenant: 'acme',
      environment: 'acme/production',
      subject: 'incident/i-3f9a02c41b77',
      message: 'web 2.0.0 fails on hosts. Seen: 3.',
      details: {
        incident: 'i-3f9a02c41b77',
        kind: 'host-failed',
        product: 'shop',
        title: 'web 2.0.0 fails on hosts.',
        state: 'open',
        holding: 3,
        subjects: 3,
        began: '2026-11-21T03:27:00Z',
        closed: null,
        acknowledgedBy: null,
        ...details,
      },
    },
  });
  const read = (one: Notification) => JSON.parse(Buffer.from(alertmanagerBody(one, 'n-1')).toString());
  const firing = read(told({}));
  const labels = {
    alertname: 'XylemHostFailed',
    kind: 'host-failed',
    incident: 'i-3f9a02c41b77',
    tenant: 'acme',
    environment: 'acme/production',
    product: 'shop',
  };
  const annotations = {
    summary: 'web 2.0.0 fails on hosts.',
    description: 'web 2.0.0 fails on hosts. Seen: 3.',
    holding: '3',
    subjects: '3',
  };
  const { fingerprint } = firing.alerts[0];
  assert.match(fingerprint, /^[0-9a-f]{16}$/);
  assert.deepEqual(firing, {
    version: '4',
    groupKey: 'xylem/i-3f9a02c41b77',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'n-1',
    groupLabels: { alertname: 'XylemHostFailed', incident: 'i-3f9a02c41b77' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [
      {
        status: 'firing',
        labels,
        annotations,
        startsAt: '2026-11-21T03:27:00Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint,
      },
    ],
  });
  const closed = read(
    told({ state: 'closed', closed: '2026-11-21T04:00:00Z', assignedTo: 'ann', holding: 0 }),
  );
  assert.deepEqual([closed.status, closed.alerts[0].status], ['resolved', 'resolved']);
  assert.equal(closed.alerts[0].endsAt, '2026-11-21T04:00:00Z');
  // What tells alerts apart does not change while it lives.
  assert.deepEqual([closed.alerts[0].labels, closed.alerts[0].fingerprint], [labels, fingerprint]);
  assert.equal(closed.groupKey, firing.groupKey);
  const test = read({ ...told({}), type: 'test', data: { ...told({}).data, details: {} } });
  assert.equal(test.status, 'resolved');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { behindText } from './behind-text.ts';

const host = (name: string, reason: string, message: string | null) => ({
  id: name,
  name,
  reason,
  message,
  lastSeen: '2026-11-22T08:00:00Z',
});

test('who is not where a deployment wants it, under its reason and what to do, and how to list the rest', () => {
  const counts = [
    { reason: 'pinned', hosts: 1, advice: 'Lift the pin.' },
    { reason: 'silent', hosts: 3, advice: 'Look.' },
  ];
  const hosts = [host('web-1', 'pinned', 'api is pinned by ann'), host('web-2', 'silent', null)];
  assert.deepEqual(behindText({ total: 4, counts, hosts }, 'd-1'), [
    'Not where it wants them: 4 hosts.',
    '  1 pinned. Lift the pin.',
    '    web-1: api is pinned by ann',
    '  3 silent. Look.',
    '    web-2: last seen 2026-11-22T08:00:00Z',
    'All of them: xylem deployment laggards d-1',
  ]);
  const placed = hosts.map((one) => ({ ...one, environment: 'acme/production', deployment: 'd-1' }));
  assert.ok(
    behindText({ total: 2, counts, hosts: placed }).includes(
      '    web-2 in acme/production (d-1): last seen 2026-11-22T08:00:00Z',
    ),
  );
  assert.deepEqual(behindText({ total: 0, counts: [], hosts: [] }), []);
  assert.deepEqual(behindText(undefined), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPackage } from '../testing/packages.ts';
import { toldOf } from './told.ts';
import type { Accepted } from './wanted.ts';

const placed = (more: object = {}) => ({
  ...testPackage({ component: 'web', version: '1.0.0', files: { a: '1' } }),
  deployment: null,
  ...more,
});
const accepted = (more: object = {}): Accepted =>
  ({
    snapshot: 1,
    number: 1,
    components: [placed()],
    held: [],
    purge: [],
    entry: { labels: {} },
    releases: { repository: 1 },
    floors: {},
    moments: { policy: { windows: [] }, issuedMs: 1, host: { id: 'a', labels: {} } },
    ...more,
  }) as unknown as Accepted;
const during = (deployment: string, more: object = {}) =>
  accepted({ components: [placed({ deployment, bakeSeconds: 60, urgent: true, ...more })] });

test('where direction stands is nothing that it says to this host', () => {
  const told = toldOf();
  const first = told(accepted());
  const moments = { policy: { windows: [] }, issuedMs: 2, host: { id: 'a', labels: {} } };
  assert.deepEqual(told(accepted({ snapshot: 2, number: 2, releases: { repository: 2 }, moments })), first);
});

test('that a deployment begins is something to be done about, that it is over is nothing', () => {
  const told = toldOf();
  const before = told(accepted());
  const first = told(during('one'));
  assert.equal(first.atOnce, before.atOnce);
  assert.notEqual(first.work, before.work);
  assert.deepEqual(told(accepted({ number: 3 })), first);
  const second = told(during('two'));
  assert.notEqual(second.work, first.work);
  assert.deepEqual(told(accepted({ number: 5 })), second);
  assert.notEqual(told(during('one')).work, second.work);
});

test('whatever else it says is another text', () => {
  const base = toldOf()(accepted());
  const texts = [
    {},
    { components: [] },
    { components: [placed({ package: 'b'.repeat(64) })] },
    { components: [placed({ configDigest: 'c'.repeat(64) })] },
    { components: [placed({ retry: 'd'.repeat(32) })] },
    { components: [placed({ switched: 1 })] },
    { entry: { labels: {}, parents: ['https://other'] } },
    { moments: { policy: { windows: [], quota: {} }, issuedMs: 1, host: { id: 'a', labels: {} } } },
    { revoked: [{ host: 'a', until: '2026-11-21T03:28:06Z' }] },
    { quarantine: { operators: {}, quarantined: [] } },
    { reportEverySeconds: 60 },
  ].map((more) => JSON.stringify(toldOf()(accepted(more))));
  assert.equal(texts[0], JSON.stringify(base));
  assert.equal(new Set(texts).size, texts.length);
});

test('nothing accepted is empty texts', () => assert.deepEqual(toldOf()(null), { atOnce: '', work: '' }));

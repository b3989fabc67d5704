import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkLimit } from '../wire/link-limit.ts';
import { linkRates, linkTimesFault } from './index.ts';

const at = (text: string): number => Date.parse(text);
const limit = (from: string, to: string, more: object = {}): LinkLimit => ({
  down: 100_000,
  times: { from, to, zone: 'Europe/Berlin', ...more },
});

/** When `limits` hold `down` up, hour by quarter of an hour, as stretches in UTC. */
function stretches(limits: readonly LinkLimit[], from: string, to: string): string[] {
  const rates = linkRates(limits);
  const found: string[] = [];
  let begun: number | null = null;
  for (let ms = at(from); ms <= at(to); ms += 900_000) {
    const isHeld = rates(ms).down !== null;
    if (isHeld) begun ??= ms;
    if (isHeld || begun === null) continue;
    found.push([begun, ms].map((edge) => new Date(edge).toISOString().slice(8, 16)).join(' '));
    begun = null;
  }
  return found;
}

test('a limit goes from clock time to clock time, also when clocks are put forward and back', () => {
  const night = [limit('22:00', '06:00')];
  // Berlin: +01:00 until 2026-03-29 02:00, then +02:00; back on 2026-10-25 at 03:00.
  assert.deepEqual(stretches(night, '2026-03-27T12:00Z', '2026-03-30T12:00Z'), [
    '27T21:00 28T05:00',
    '28T21:00 29T04:00',
    '29T20:00 30T04:00',
  ]);
  assert.deepEqual(stretches(night, '2026-10-24T12:00Z', '2026-10-26T12:00Z'), [
    '24T20:00 25T05:00',
    '25T21:00 26T05:00',
  ]);
  // Begins in the hour that is left out, so later; one that would end before it begins is none.
  assert.deepEqual(stretches([limit('02:30', '05:00')], '2026-03-28T12:00Z', '2026-03-29T12:00Z'), [
    '29T01:30 29T03:00',
  ]);
  assert.deepEqual(stretches([limit('02:30', '03:00')], '2026-03-28T12:00Z', '2026-03-30T12:00Z'), [
    '30T00:30 30T01:00',
  ]);
  // The clock time that comes twice is the first of both.
  assert.deepEqual(stretches([limit('02:15', '02:45')], '2026-10-24T12:00Z', '2026-10-25T12:00Z'), [
    '25T00:15 25T00:45',
  ]);
});

test('days are those on which it begins', () => {
  const weekend = [limit('20:00', '04:00', { days: ['fr', 'sa'] })];
  // 2026-11-20 is a Friday.
  assert.deepEqual(stretches(weekend, '2026-11-19T12:00Z', '2026-11-23T12:00Z'), [
    '20T19:00 21T03:00',
    '21T19:00 22T03:00',
  ]);
  const wholeDay = [limit('00:00', '00:00', { days: ['su'] })];
  assert.deepEqual(stretches(wholeDay, '2026-11-19T12:00Z', '2026-11-25T12:00Z'), ['21T23:00 22T23:00']);
});

test('the strictest of those in force counts, for each of the rates', () => {
  const rates = linkRates([
    { down: 300_000, up: 40_000, serve: 900_000 },
    { down: 500_000, up: 20_000, each: 50_000 },
    limit('08:00', '18:00'),
  ]);
  const always = { down: 300_000, up: 20_000, serve: 900_000, each: 50_000 };
  assert.deepEqual(rates(at('2026-11-20T03:00Z')), always);
  assert.deepEqual(rates(at('2026-11-20T12:00Z')), { ...always, down: 100_000 });
  assert.deepEqual(linkRates([])(0), { down: null, up: null, serve: null, each: null });
});

test('times that can not be evaluated are said, and hold at any time', () => {
  const times = { from: '08:00', to: '18:00', zone: 'Europe/Nowhere' };
  assert.match(linkTimesFault(times) ?? '', /Europe\/Nowhere/);
  assert.equal(linkTimesFault({ ...times, zone: 'UTC' }), null);
  assert.equal(linkRates([{ down: 9_000, times }])(at('2026-11-20T03:00Z')).down, 9_000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { XylemError } from '../errors.ts';
import type { Period } from '../wire/change-policy.ts';
import type { Urgency } from '../wire/passing.ts';
import { changePolicyFault, momentsOf } from './index.ts';
import { timelineOf } from './timeline.ts';

const host = { id: 'a'.repeat(32), name: 'web-1', labels: { role: 'web' } };
const at = (text: string): number => Date.parse(text);
const iso = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString().slice(0, 16);

const daily = (zone: string, start: string, duration: string): Period => ({
  name: 'daily',
  zone,
  start: `2026-01-01T${start}`,
  duration,
  rule: 'FREQ=DAILY',
});

/** Each opening that begins in a stretch of time, in UTC. */
function openings(period: Period, isFreeze: boolean, from: string, to: string): string[] {
  const line = timelineOf(period, isFreeze);
  const found: string[] = [];
  for (let next = line.at(at(from)).next; next !== null && next.startMs < at(to); ) {
    found.push(`${iso(next.startMs)} ${iso(next.endMs)}`);
    next = line.at(next.startMs).next;
  }
  return found;
}

test('openings across every kind of change of a clock', () => {
  for (const [period, isFreeze, from, to, expected] of [
    // Berlin, spring: 02:00 to 03:00 is left out on 2026-03-29. Hours are exact, so four of them end at 06:00.
    [
      daily('Europe/Berlin', '01:00', 'PT4H'),
      false,
      '2026-03-28T12:00Z',
      '2026-03-30T12:00Z',
      ['2026-03-29T00:00 2026-03-29T04:00', '2026-03-29T23:00 2026-03-30T03:00'],
    ],
    // A day of a duration is one of the calendar: 23 hours long.
    [
      { ...daily('Europe/Berlin', '00:30', 'P1D'), rule: 'FREQ=WEEKLY;BYDAY=SU' },
      false,
      '2026-03-28T12:00Z',
      '2026-03-30T12:00Z',
      ['2026-03-28T23:30 2026-03-29T22:30'],
    ],
    // In the gap: none for a window, one after it for a freeze.
    [
      daily('Europe/Berlin', '02:30', 'PT1H'),
      false,
      '2026-03-28T12:00Z',
      '2026-03-30T12:00Z',
      ['2026-03-30T00:30 2026-03-30T01:30'],
    ],
    [
      daily('Europe/Berlin', '02:30', 'PT1H'),
      true,
      '2026-03-28T12:00Z',
      '2026-03-30T12:00Z',
      ['2026-03-29T01:30 2026-03-29T02:30', '2026-03-30T00:30 2026-03-30T01:30'],
    ],
    // Berlin, autumn: 02:30 comes twice on 2026-10-25, and the first is meant.
    [
      daily('Europe/Berlin', '02:30', 'PT1H'),
      false,
      '2026-10-24T12:00Z',
      '2026-10-26T12:00Z',
      ['2026-10-25T00:30 2026-10-25T01:30', '2026-10-26T01:30 2026-10-26T02:30'],
    ],
    [
      daily('Europe/Berlin', '02:30', 'PT1H'),
      true,
      '2026-10-24T12:00Z',
      '2026-10-26T12:00Z',
      ['2026-10-25T00:30 2026-10-25T01:30', '2026-10-26T01:30 2026-10-26T02:30'],
    ],
    // Half an hour off all year.
    [
      daily('Asia/Kolkata', '02:30', 'PT2H'),
      false,
      '2026-03-29T00:00Z',
      '2026-03-30T00:00Z',
      ['2026-03-29T21:00 2026-03-29T23:00'],
    ],
    // Lord Howe: half an hour forward on 2026-10-04 at 02:00, half an hour back on 2026-04-05 at 02:00.
    [
      daily('Australia/Lord_Howe', '02:15', 'PT1H'),
      false,
      '2026-10-03T12:00Z',
      '2026-10-05T12:00Z',
      ['2026-10-04T15:15 2026-10-04T16:15'],
    ],
    [
      daily('Australia/Lord_Howe', '02:15', 'PT1H'),
      true,
      '2026-10-03T12:00Z',
      '2026-10-05T12:00Z',
      ['2026-10-03T15:45 2026-10-03T16:45', '2026-10-04T15:15 2026-10-04T16:15'],
    ],
    [
      daily('Australia/Lord_Howe', '01:45', 'PT1H'),
      false,
      '2026-04-04T12:00Z',
      '2026-04-06T12:00Z',
      ['2026-04-04T14:45 2026-04-04T15:45', '2026-04-05T15:15 2026-04-05T16:15'],
    ],
    // Once, by an end in clock time.
    [
      { name: 'once', zone: 'Europe/Berlin', start: '2026-03-28T02:30', end: '2026-03-29T02:30' },
      true,
      '2026-01-01T00:00Z',
      '2027-01-01T00:00Z',
      ['2026-03-28T01:30 2026-03-29T01:30'],
    ],
    [
      {
        name: 'second tuesdays',
        zone: 'America/New_York',
        start: '2026-01-01T22:00',
        duration: 'PT6H',
        rule: 'FREQ=MONTHLY;BYDAY=2TU',
      },
      false,
      '2026-02-20T00:00Z',
      '2026-04-20T00:00Z',
      ['2026-03-11T02:00 2026-03-11T08:00', '2026-04-15T02:00 2026-04-15T08:00'],
    ],
  ] as const) {
    const what = `${period.zone} ${period.start} ${isFreeze ? 'freeze' : 'window'}`;
    assert.deepEqual(openings(period, isFreeze, from, to), expected, what);
  }
});

test('at each minute the answer is that of the openings, and the next moment is one at which a change may begin', () => {
  const zones = ['Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/New_York', 'UTC'];
  fc.assert(
    fc.property(
      fc.record({
        zone: fc.constantFrom(...zones),
        hour: fc.integer({ min: 0, max: 23 }),
        minute: fc.constantFrom(0, 15, 30, 45),
        length: fc.integer({ min: 1, max: 23 }),
        rule: fc.constantFrom('FREQ=DAILY', 'FREQ=WEEKLY;BYDAY=SU,TH', 'FREQ=MONTHLY;BYMONTHDAY=-1'),
        freeze: fc.constantFrom('FREQ=WEEKLY;BYDAY=SU', 'FREQ=DAILY;INTERVAL=3'),
        day: fc.constantFrom('2026-03-28', '2026-10-24', '2026-04-04', '2026-10-03', '2026-07-01'),
        minutes: fc.integer({ min: 0, max: 3 * 1440 }),
      }),
      ({ zone, hour, minute, length, rule, freeze, day, minutes }) => {
        const two = (n: number): string => String(n).padStart(2, '0');
        const start = `2026-01-01T${two(hour)}:${two(minute)}`;
        const window: Period = { name: 'window', zone, start, duration: `PT${length}H`, rule };
        const still: Period = {
          name: 'freeze',
          zone,
          start: '2026-01-01T00:00',
          duration: 'PT20H',
          rule: freeze,
        };
        const moments = momentsOf({ windows: [window], freezes: [still] }, host);
        const nowMs = at(`${day}T00:00Z`) + minutes * 60_000;
        const inOne = (period: Period, isFreeze: boolean, ms: number): boolean => {
          const line = timelineOf(period, isFreeze);
          for (let one = line.at(ms - 40 * 86_400_000).next; one !== null && one.startMs <= ms; ) {
            if (ms < one.endMs) return true;
            one = line.at(one.startMs).next;
          }
          return false;
        };
        const mayBegin = (ms: number): boolean => inOne(window, false, ms) && !inOne(still, true, ms);
        const found = moments.eligible({}, nowMs);
        assert.equal(found.kind === 'open', mayBegin(nowMs));
        if (found.kind === 'open') {
          assert.ok(found.untilMs !== null && !mayBegin(found.untilMs) && mayBegin(found.untilMs - 60_000));
        } else if (found.nextMs !== null) {
          assert.ok(mayBegin(found.nextMs));
          assert.ok(!mayBegin(found.nextMs - 60_000));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('windows add up, freezes win, selectors bind some hosts, and what is urgent passes what it may', () => {
  const once = (name: string, start: string, duration: string, where?: string): Period => ({
    name,
    zone: 'UTC',
    start,
    duration,
    ...(where === undefined ? {} : { where }),
  });
  const policy = {
    windows: [
      once('late', '2026-05-01T20:00', 'PT2H'),
      once('early', '2026-05-01T10:00', 'PT2H', 'role = web'),
    ],
    freezes: [once('launch', '2026-05-01T11:00', 'PT10H', 'role = web')],
  };
  const web = momentsOf(policy, host);
  const db = momentsOf(policy, { ...host, labels: { role: 'db' } });
  const says = (moments: typeof web, time: string, urgent = false, more: Urgency = {}): unknown => {
    const found = moments.eligible({ urgent, ...more }, at(`2026-05-01T${time}Z`));
    return found.kind === 'open' ? ['open', iso(found.untilMs)] : [found.kind, found.name, iso(found.nextMs)];
  };
  assert.deepEqual(says(web, '09:00'), ['outside', 'early', '2026-05-01T10:00']);
  assert.deepEqual(says(web, '10:00'), ['open', '2026-05-01T11:00']);
  assert.deepEqual(says(web, '11:00'), ['frozen', 'launch', '2026-05-01T21:00']);
  assert.deepEqual(says(web, '21:00'), ['open', '2026-05-01T22:00']);
  assert.deepEqual(says(web, '22:00'), ['outside', null, null]);
  assert.deepEqual(says(db, '10:00'), ['outside', 'late', '2026-05-01T20:00']);
  assert.deepEqual(says(db, '20:30'), ['open', '2026-05-01T22:00']);
  assert.deepEqual(says(web, '09:00', true), ['open', '2026-05-01T11:00']);
  assert.deepEqual(says(web, '11:00', true), ['frozen', 'launch', '2026-05-01T21:00']);
  assert.deepEqual(says(momentsOf({ ...policy, urgentPassesFreezes: true }, host), '11:00', true), [
    'open',
    null,
  ]);
  assert.deepEqual(says(web, '11:00', true, { passes: ['locks'] }), ['frozen', 'launch', '2026-05-01T21:00']);
  assert.deepEqual(says(web, '11:00', true, { passes: ['freezes'] }), ['open', null]);
  assert.deepEqual(
    says(web, '11:00', false, { passes: ['freezes'] })
      ?.toString()
      .split(',')[0],
    'frozen',
    'what is not urgent passes nothing',
  );
  const both = { ...policy, freezes: [...policy.freezes, once('audit', '2026-05-01T12:00', 'PT30M')] };
  const named = (...overrides: string[]) => says(momentsOf(both, host), '12:00', false, { overrides });
  assert.deepEqual(named('windows', 'freezes:launch'), ['frozen', 'audit', '2026-05-01T12:30']);
  assert.deepEqual(named('windows', 'freezes:launch', 'freezes:audit'), ['open', null]);
  assert.deepEqual(
    named('freezes'),
    ['outside', 'late', '2026-05-01T20:00'],
    'windows that are not named hold',
  );
  assert.deepEqual(
    momentsOf(both, host)
      .holding(at('2026-05-01T12:00Z'))
      .map((one) => [one.kind, one.name, iso(one.untilMs)]),
    [
      ['windows', 'late', '2026-05-01T20:00'],
      ['freezes', 'launch', '2026-05-01T21:00'],
      ['freezes', 'audit', '2026-05-01T12:30'],
    ],
  );
  const mine = { windows: [once('tills', '2026-05-01T20:00', 'PT2H', 'role = till')] };
  assert.deepEqual(says(momentsOf(mine, host), '09:00'), ['open', null], 'whom no window selects may always');
});

test('a policy that can never be right is refused, at the period that is wrong', () => {
  const good = daily('Europe/Berlin', '01:00', 'PT4H');
  const nowMs = at('2026-05-01T00:00Z');
  assert.equal(changePolicyFault({ windows: [good], freezes: [{ ...good, duration: 'PT2H' }] }, nowMs), null);
  for (const [period, sentence] of [
    [{ ...good, zone: 'Mars/Base' }, /can't be evaluated: .*time zone/],
    [{ ...good, rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' }, /can't be evaluated|fits some day/],
    [{ ...good, rule: 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30' }, /can't be evaluated|fits some day/],
    [{ ...good, rule: 'FREQ=DAILY;BYYEARDAY=1' }, /BYYEARDAY/],
    [{ ...good, rule: 'FREQ=DAILY;BYMINUTE=1' }, /found BYMINUTE/],
    [{ ...good, rule: 'FREQ=DAILY;COUNT=5;COUNT=6' }, /COUNT once/],
    [{ ...good, rule: 'FREQ=DAILY;COUNT=100000' }, /COUNT of at most 1000/],
    [{ ...good, rule: 'FREQ=DAILY;UNTIL=20260301T000000Z' }, /opens again; this one is over/],
    [{ ...good, duration: 'P1DT1H' }, /end before it begins again/],
    [{ ...good, start: '2026-02-31T01:00' }, /can't be evaluated/],
    [{ ...good, duration: 'PT0H' }, /an end after the start/],
    [{ ...good, where: 'role =' }, /column/],
    [
      { name: 'x', zone: 'UTC', start: '2026-01-01T00:00', end: '2025-01-01T00:00' },
      /an end after the start/,
    ],
    [{ name: 'x', zone: 'UTC', start: '2026-01-01T00:00' }, /exactly one of duration and end/],
  ] as const) {
    const fault = changePolicyFault({ windows: [period] }, nowMs);
    assert.match(fault?.sentence ?? '', sentence, JSON.stringify(period));
    assert.deepEqual([fault?.list, fault?.index], ['windows', 0]);
  }
  const twice = changePolicyFault({ freezes: [good, good] }, nowMs);
  assert.deepEqual([twice?.list, twice?.index], ['freezes', 1]);
  const never = changePolicyFault({ windows: [good], freezes: [{ ...good, duration: 'PT5H' }] }, nowMs);
  assert.match(never?.sentence ?? '', /leave none/);
});

test('a hostile rule ends', () => {
  for (const rule of [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23',
    'FREQ=WEEKLY;BYSETPOS=366',
    'FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1',
    'FREQ=YEARLY;INTERVAL=999999999',
    'FREQ=DAILY;COUNT=999999999',
  ]) {
    const policy = { windows: [{ ...daily('Europe/Berlin', '01:00', 'PT1H'), rule }] };
    try {
      momentsOf(policy, host).eligible({}, at('2080-05-01T00:00Z'));
    } catch (error) {
      assert.ok(error instanceof XylemError && error.code === 'E_WINDOW_INVALID', String(error));
    }
  }
});

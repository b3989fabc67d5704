import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jcs } from '../jcs.ts';
import {
  type FailureEvent,
  type FailureState,
  type FailureTest,
  noFailures,
  updateFailures,
} from './failures.ts';
import { failureMetric, judge } from './judge.ts';
import { failureMixture, failureRatio } from './risk.ts';
import { failureEvents, type WatchedHost } from './watched.ts';

const controls: FailureTest = { kind: 'controls' };
const limit: FailureTest = { kind: 'limit', rate: 0.01 };
const named = { name: 'hosts', weight: 1, minExposed: 5 };
const verdictOf = (how: FailureTest, state: FailureState) =>
  judge([failureMetric(named, how, state)], 0.01).verdict;

const ending = fc.option(
  fc.record({
    at: fc.integer({ min: 1, max: 40 }),
    kind: fc.constantFrom('failed', 'silent', 'ok', 'leave'),
  }),
  { nil: null },
);
const watched = fc.option(
  fc.record({
    from: fc.integer({ min: 1, max: 20 }),
    until: fc.option(fc.integer({ min: 20, max: 40 }), { nil: null }),
    end: ending,
  }),
  { nil: null },
);
const fleet: fc.Arbitrary<WatchedHost[]> = fc.uniqueArray(
  fc.record({
    host: fc.integer({ min: 0, max: 999 }).map((n) => `h${n}`),
    stratum: fc.constantFrom('north', 'south'),
    control: watched,
    exposed: watched,
  }),
  { selector: ({ host }) => host, maxLength: 40 },
);

test('the same events give the same state in whatever order and however cut into looks, read back from JSON or not', () => {
  for (const how of [controls, limit]) {
    fc.assert(
      fc.property(fleet, fc.integer({ min: 0, max: 42 }), fc.nat(), (hosts, cut, by) => {
        const events = failureEvents(hosts, 99);
        const whole = updateFailures(how, noFailures(how), events);
        const turned = [
          ...events.slice(by % (events.length + 1)),
          ...events.slice(0, by % (events.length + 1)),
        ];
        assert.equal(jcs(updateFailures(how, noFailures(how), turned)), jcs(whole));
        const early = updateFailures(
          how,
          noFailures(how),
          events.filter(({ at }) => at <= cut),
        );
        const kept = JSON.parse(JSON.stringify(early)) as FailureState;
        const late = updateFailures(
          how,
          kept,
          turned.filter(({ at }) => at > cut),
        );
        assert.equal(jcs(late), jcs(whole));
        // What came later has not moved what was found earlier.
        assert.ok(early.evidence.peak <= whole.evidence.peak);
        for (const arm of [whole.exposed, whole.control])
          assert.ok(arm.failed + arm.silent + arm.ok + arm.left <= arm.entered);
      }),
    );
  }
});

test('by chance a failure says nothing on average, and less than nothing where exposed hosts fail less often', () => {
  const count = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(count, count, fc.double({ min: 0.01, max: 1, noNaN: true }), (exposed, control, rate) => {
      for (const times of failureMixture.alternatives) {
        const chance = (rate * exposed) / (rate * exposed + control);
        const average =
          chance * failureRatio('exposed', { exposed, control }, times) +
          (1 - chance) * failureRatio('control', { exposed, control }, times);
        assert.ok(average <= 1 + 1e-12);
        if (rate === 1) assert.ok(average > 1 - 1e-12);
      }
    }),
  );
});

/** So many hosts are watched from 0 on; those of `exposed` end as the text says: f failed, s silent, o ok, - at risk. */
function look(exposed: string, controlCount: number, controlFailures = 0): FailureEvent[] {
  const kinds = { f: 'failed', s: 'silent', o: 'ok' } as const;
  const hosts: WatchedHost[] = exposed.split('').map((letter, n) => ({
    host: `e${n}`,
    stratum: '',
    control: null,
    exposed: {
      from: 0,
      until: 200,
      end: letter in kinds ? { at: 100 + n, kind: kinds[letter as keyof typeof kinds] } : null,
    },
  }));
  for (let n = 0; n < controlCount; n += 1)
    hosts.push({
      host: `c${n}`,
      stratum: '',
      control: { from: 0, until: null, end: n < controlFailures ? { at: 50 + n, kind: 'failed' } : null },
      exposed: null,
    });
  return failureEvents(hosts, 1_000_000);
}
const after = (how: FailureTest, events: readonly FailureEvent[]): FailureState =>
  updateFailures(how, noFailures(how), events);

test('where nothing ever fails, three failures of exposed hosts are enough, silence among them; none is a pass', () => {
  assert.equal(verdictOf(controls, after(controls, look('oooooooooo', 200))), 'pass');
  assert.equal(verdictOf(controls, after(controls, look('ffoooooooo', 200))), 'pass');
  assert.equal(verdictOf(controls, after(controls, look('fsfooooooo', 200))), 'fail');
  assert.equal(after(controls, look('oooooooooo', 200)).evidence.peak, 1);
});

test('what fails among controls as well is not held against the new version', () => {
  assert.equal(verdictOf(controls, after(controls, look('fffooooooo', 200, 60))), 'pass');
});

test('a pass waits for every exposed host', () => {
  assert.equal(verdictOf(controls, after(controls, look('oooooooooo-', 200))), 'inconclusive');
});

test('a fail stays a fail whatever comes after it', () => {
  const failed = after(controls, look('fffo------', 200));
  const more = look('------------', 100, 100).map((event) => ({ ...event, at: event.at + 1_000 }));
  assert.equal(verdictOf(controls, updateFailures(controls, failed, more)), 'fail');
});

test('without outcomes there is no data; with few, or nothing to compare with, nothing passes', () => {
  assert.equal(verdictOf(controls, noFailures(controls)), 'no data');
  assert.equal(verdictOf(controls, after(controls, look('-----', 100))), 'no data');
  assert.equal(verdictOf(controls, after(controls, look('oooo', 100))), 'inconclusive');
  for (const exposed of ['oooooooooo', 'ffffffffff'])
    assert.equal(verdictOf(controls, after(controls, look(exposed, 0))), 'inconclusive');
  // Five against one: were all five to fail, it could still be chance.
  assert.equal(verdictOf(controls, after(controls, look('ooooo', 1))), 'inconclusive');
});

test('hosts of another stratum are no controls', () => {
  const elsewhere = look('ffffffffff', 200).map((event) => ({ ...event, stratum: event.arm }));
  assert.equal(after(controls, elsewhere).evidence.peak, 1);
  assert.equal(verdictOf(controls, after(controls, elsewhere)), 'inconclusive');
});

test('against a rate that was named no controls are needed, and those who have not answered count', () => {
  assert.equal(verdictOf(limit, after(limit, look('f'.repeat(3) + 'o'.repeat(7), 0))), 'fail');
  assert.equal(verdictOf(limit, after(limit, look(`fffff${'-'.repeat(495)}`, 0))), 'inconclusive');
});

test('a pass may be asked to rule out a rate of failures; hosts that are awaited count as failed', () => {
  const below = { rate: 0.05, alpha: 0.05 };
  const verdict = (exposed: string) =>
    judge([failureMetric(named, controls, after(controls, look(exposed, 1_000)), below)], 0.01).verdict;
  assert.equal(verdict('o'.repeat(50)), 'inconclusive');
  assert.equal(verdict('o'.repeat(100)), 'pass');
  assert.equal(verdict(`${'o'.repeat(100)}----------`), 'inconclusive');
});

test('a fleet of a hundred thousand at once still shows what is wrong with it', () => {
  const state = after(limit, look(`${'o'.repeat(1_000)}${'f'.repeat(2_000)}${'-'.repeat(97_000)}`, 0));
  assert.equal(verdictOf(limit, state), 'fail');
  assert.ok(Number.isFinite(state.evidence.peak));
});

test('a host that failed as a control is not counted again as exposed, nor is any host twice', () => {
  const host: WatchedHost = {
    host: 'a',
    stratum: '',
    control: { from: 1, until: null, end: { at: 5, kind: 'failed' } },
    exposed: { from: 9, until: 20, end: { at: 12, kind: 'failed' } },
  };
  assert.deepEqual(
    failureEvents([host], 99).map(({ at, arm, kind }) => `${at} ${arm} ${kind}`),
    ['1 control enter', '5 control failed'],
  );
  const later = { ...host, control: { from: 1, until: null, end: { at: 11, kind: 'failed' as const } } };
  assert.deepEqual(
    failureEvents([later], 99).map(({ at, arm, kind }) => `${at} ${arm} ${kind}`),
    ['1 control enter', '9 control leave', '9 exposed enter', '12 exposed failed'],
  );
  assert.throws(() => failureEvents([host, host], 99), RangeError);
  assert.throws(
    () => after(controls, [{ at: 1, host: 'a', stratum: '', arm: 'exposed', kind: 'ok' }]),
    RangeError,
  );
});

test('who is silent is compared with those who answered, not with those alone who did not', () => {
  const exposed = (n: number): WatchedHost => ({
    host: `e${n}`,
    stratum: '',
    control: null,
    exposed: { from: 0, until: 100, end: n < 3 ? { at: 100, kind: 'silent' } : { at: 60, kind: 'ok' } },
  });
  const control = (n: number): WatchedHost => ({
    ...exposed(n),
    host: `c${n}`,
    control: { from: 0, until: 100, end: { at: 60, kind: 'ok' } },
    exposed: null,
  });
  const hosts = Array.from({ length: 10 }, (_, n) => [
    exposed(n),
    ...Array.from({ length: 20 }, (_, m) => control(20 * n + m)),
  ]);
  assert.equal(verdictOf(controls, after(controls, failureEvents(hosts.flat(), 100))), 'fail');
});

test('every engine computes the same bytes', () => {
  const state = after(controls, look('foofoosooo', 200, 7));
  assert.equal(
    jcs(state.evidence),
    '{"ceilings":[[686.9915544968826,0],[331315.28739035194,0],[87665859.53808928,0],[326609119279.41595,0]],' +
      '"peak":15.536209396482649,"products":[[5.045295521119773,0],[17.036087382808653,0],[29.535420153035396,0],' +
      '[4.019981675124894,0]]}',
  );
});

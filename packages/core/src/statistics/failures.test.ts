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

const controls: FailureTest = { kind: 'controls' };
const limit: FailureTest = { kind: 'limit', rate: 0.01 };
const named = { name: 'hosts', weight: 1, minExposed: 5 };
const verdictOf = (how: FailureTest, state: FailureState) =>
  judge([failureMetric(named, how, state)], 0.01).verdict;

/** One arm's stay of a host, as events. */
const stay = fc.record({
  stratum: fc.constantFrom('north', 'south'),
  arm: fc.constantFrom('exposed', 'control'),
  from: fc.integer({ min: 1, max: 20 }),
  until: fc.integer({ min: 21, max: 40 }),
  end: fc.constantFrom('failed', 'silent', 'ok', 'leave', null),
});
const history: fc.Arbitrary<FailureEvent[]> = fc.array(stay, { maxLength: 40 }).map((stays) =>
  stays.flatMap(({ stratum, arm, from, until, end }, n) => {
    const host = { host: `h${n}`, stratum, arm };
    const enter: FailureEvent = { ...host, at: from, kind: 'enter' };
    return end === null ? [enter] : [enter, { ...host, at: until, kind: end }];
  }),
);

test('the same events give the same state in whatever order and however cut into looks, read back from JSON or not', () => {
  for (const how of [controls, limit]) {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 42 }), fc.nat(), (events, cut, by) => {
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
  const kinds = new Map<string, FailureEvent['kind']>([
    ['f', 'failed'],
    ['s', 'silent'],
    ['o', 'ok'],
  ]);
  const events: FailureEvent[] = [];
  for (const [n, letter] of exposed.split('').entries()) {
    const host = { host: `e${n}`, stratum: '', arm: 'exposed' as const };
    const kind = kinds.get(letter);
    events.push({ ...host, at: 0, kind: 'enter' });
    if (kind !== undefined) events.push({ ...host, at: 100 + n, kind });
  }
  for (let n = 0; n < controlCount; n += 1) {
    const host = { host: `c${n}`, stratum: '', arm: 'control' as const };
    events.push({ ...host, at: 0, kind: 'enter' });
    if (n < controlFailures) events.push({ ...host, at: 50 + n, kind: 'failed' });
  }
  return events;
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

test('a fleet of fifty thousand and more at once still shows what is wrong with it', () => {
  const state = after(limit, look(`${'o'.repeat(1_000)}${'f'.repeat(1_200)}${'-'.repeat(57_000)}`, 0));
  assert.equal(verdictOf(limit, state), 'fail');
  assert.ok(Number.isFinite(state.evidence.peak));
});

test('an outcome that nobody can have is a mistake of the caller', () => {
  assert.throws(
    () => after(controls, [{ at: 1, host: 'a', stratum: '', arm: 'exposed', kind: 'ok' }]),
    RangeError,
  );
});

test('every engine computes the same bytes', () => {
  const state = after(controls, look('foofoosooo', 200, 7));
  assert.equal(
    jcs(state.evidence),
    '{"ceilings":[[781.3970403452914,0],[478169.98971462523,0],[191052042.65058672,0],[3171402470456.0547,0]],' +
      '"peak":17.70984689630191,"products":[[5.189168140216375,0],[18.44157862974991,0],[34.840877153672366,0],' +
      '[6.2939486933880735,0]]}',
  );
});

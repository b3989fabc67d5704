import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FailureEvent } from '../statistics/failures.ts';
import { noFailures, updateFailures } from '../statistics/failures.ts';
import { failureMetric } from '../statistics/judge.ts';
import {
  lookAtRing,
  type RingDeployment,
  type RingLook,
  type RingMember,
  type RingRules,
  type RingState,
  ringBegun,
  waivedRing,
} from './ring.ts';
import { pooled } from './ring-hosts.ts';
import { afterRingRecord, noRingRecorded, replayedRing, ringRecordText, standsAfter } from './ring-record.ts';

const minute = 60_000;
const silentAfterMs = 15 * minute;
const rules: RingRules = { bakeSeconds: 600, minimumExposure: 20, alpha: 0.01, onNoData: 'ask' };
const test = { kind: 'controls' } as const;

/** What a deployment counts of three hosts, one exposed at a time. */
const failuresOf = (name: string, isBad: boolean) => {
  const event = (host: number, arm: FailureEvent['arm'], kind: FailureEvent['kind'], at: number) => ({
    at,
    host: `${name}/${host}`,
    stratum: '',
    arm,
    kind,
  });
  const first = [0, 1, 2].map((host) => event(host, 'control', 'enter', 1));
  const turn = [event(0, 'control', 'leave', 2), event(0, 'exposed', 'enter', 2)];
  return updateFailures(test, noFailures(test), [
    ...first,
    ...turn,
    ...(isBad ? [event(0, 'exposed', 'failed', 3)] : []),
  ]);
};

const deploymentOf = (
  name: string,
  more: Partial<RingDeployment> & { isBad?: boolean } = {},
): RingDeployment => {
  const { isBad = false, ...rest } = more;
  return {
    state: 'succeeded',
    began: 10 * minute,
    ended: 20 * minute,
    failures: failuresOf(name, isBad),
    updating: 0,
    done: isBad ? 2 : 3,
    failed: isBad ? 1 : 0,
    moved: 15 * minute,
    ...rest,
  };
};
const waiting = (environment: string, more: Partial<RingMember> = {}): RingMember => ({
  environment,
  watched: null,
  isWatchable: true,
  unwellAt: null,
  deployment: null,
  ...more,
});

/** Looks one after the other; marks are kept as the root server keeps them. */
function ring(count: number, by: Partial<RingRules> = {}) {
  let state: RingState = ringBegun;
  let members = Array.from({ length: count }, (_, index) => waiting(`e-${String(index).padStart(4, '0')}`));
  let recorded = noRingRecorded;
  let replayed = noRingRecorded;
  const look = (now: number): RingLook => {
    const given = { rules: { ...rules, ...by }, state, members, now, silentAfterMs };
    const seen = lookAtRing(given.rules, state, members, now, silentAfterMs);
    const shuffled = lookAtRing(given.rules, state, members.toReversed(), now, silentAfterMs);
    assert.deepEqual(shuffled, seen);
    const record = ringRecordText(recorded, given, seen);
    recorded = afterRingRecord(recorded, record);
    const again = replayedRing(replayed, record);
    if (typeof again === 'string') assert.fail(again);
    assert.equal(again.worded, 'same');
    replayed = again.after;
    const marks = new Map(seen.marks.map((one) => [one.environment, one.watched]));
    members = members.map((one) => ({ ...one, watched: marks.get(one.environment) ?? one.watched }));
    state = seen.state;
    return seen;
  };
  return {
    look,
    /** Some of them, from one number to before another. */
    become: (from: number, to: number, next: (one: RingMember) => Partial<RingMember>) => {
      members = members.map((one, index) => (index >= from && index < to ? { ...one, ...next(one) } : one));
    },
    waive: () => {
      state = waivedRing(state);
    },
  };
}
const begun = ({ environment }: RingMember) => ({ deployment: deploymentOf(environment) });

describe('the verdict of a ring', () => {
  it('passes once all have come through, and silence would have been noticed', () => {
    const shops = ring(30);
    assert.equal(shops.look(minute).outcome, 'stay');
    shops.become(0, 10, begun);
    assert.match(shops.look(21 * minute).reason, /^30 hosts baked and 0 failed .*; others are to come\.$/);
    shops.become(10, 30, begun);
    const early = shops.look(21 * minute);
    assert.deepEqual([early.outcome, early.due], ['stay', 35 * minute]);
    const passed = shops.look(35 * minute);
    assert.deepEqual([passed.outcome, passed.verdict, passed.counts.baked], ['pass', 'pass', 90]);
    // What comes later is for whoever looks after it.
    shops.become(0, 20, ({ environment }) => ({ deployment: deploymentOf(environment, { isBad: true }) }));
    assert.equal(shops.look(40 * minute).outcome, 'pass');
  });

  it('fails by hosts of many environments, one in each, though none could fail alone', () => {
    const shops = ring(200);
    shops.look(minute);
    let failedAt = 0;
    for (let number = 0; number < 10 && failedAt === 0; number += 1) {
      shops.become(number, number + 1, ({ environment }) => ({
        deployment: deploymentOf(environment, { isBad: true, state: 'failed' }),
      }));
      if (shops.look(20 * minute).outcome === 'fail') failedAt = number + 1;
    }
    assert.ok(failedAt >= 2 && failedAt <= 4, `${failedAt}`);
    const alone = failureMetric({ name: 'x', weight: 1, minExposed: 1 }, test, failuresOf('x', true));
    assert.ok(alone.ceiling < 1 / rules.alpha);
  });

  it('asks once below its minimum exposure, when it has soaked; a word lets it pass', () => {
    const shops = ring(3);
    shops.look(minute);
    shops.become(0, 3, begun);
    const soaks = shops.look(29 * minute);
    assert.deepEqual([soaks.outcome, soaks.verdict, soaks.due], ['stay', 'inconclusive', 35 * minute]);
    const asks = shops.look(35 * minute);
    assert.deepEqual([asks.outcome, asks.verdict], ['ask', 'no data']);
    assert.match(asks.reason, /No data: 20 hosts must have baked and 9 have\.$/);
    shops.waive();
    assert.equal(shops.look(36 * minute).outcome, 'pass');
    const silent = ring(3, { onNoData: 'wait' });
    silent.look(minute);
    silent.become(0, 3, begun);
    assert.equal(silent.look(60 * minute).outcome, 'stay');
  });

  it('asks where it stands, where too many failed for chance, and where harm could not be seen', () => {
    const stands = ring(30);
    stands.look(minute);
    stands.become(0, 29, begun);
    stands.become(29, 30, ({ environment }) => ({
      deployment: deploymentOf(environment, { state: 'running', ended: null, updating: 1 }),
    }));
    assert.match(stands.look(25 * minute).reason, /, 1 updating\.$/);
    stands.become(29, 30, ({ environment }) => ({
      deployment: deploymentOf(environment, { state: 'running', ended: null }),
    }));
    const standing = stands.look(46 * minute);
    assert.deepEqual([standing.outcome, standing.verdict], ['ask', 'inconclusive']);
    assert.match(standing.reason, /1 environment stands/);

    // All begin at once: there is nobody to compare with.
    const many = ring(30, { minimumExposure: null });
    many.look(minute);
    many.become(0, 30, ({ environment }) => ({
      deployment: deploymentOf(environment, { failures: null, done: 2, failed: 1 }),
    }));
    assert.match(many.look(40 * minute).reason, /too many to go on/);
    const blind = ring(3, { minimumExposure: null });
    blind.look(minute);
    blind.become(0, 3, begun);
    assert.match(blind.look(40 * minute).reason, /harm could not have been seen/);
  });

  it('takes environments that fail before their turn for what would have happened anyway', () => {
    const shops = ring(40);
    shops.look(minute);
    shops.become(20, 30, () => ({ unwellAt: 11 * minute }));
    shops.become(0, 4, ({ environment }) => ({
      deployment: deploymentOf(environment, { isBad: true, state: 'failed' }),
    }));
    const seen = shops.look(20 * minute);
    assert.notEqual(seen.outcome, 'fail');
    assert.deepEqual([seen.counts.exposedFailed, seen.counts.controlFailed], [4, 10]);
    // One that failed before its turn is not counted again after it.
    shops.become(20, 30, ({ environment }) => ({ deployment: deploymentOf(environment, { isBad: true }) }));
    assert.equal(shops.look(21 * minute).counts.exposedFailed, 4);
  });

  it('finds of hosts within environments what one test with a stratum for each would', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (bad) => {
        const deployments = bad.map((isBad, index) => deploymentOf(`e${index}`, { isBad }));
        const events = bad.flatMap((isBad, index): FailureEvent[] => {
          const host = { stratum: `e${index}`, host: `e${index}/0` };
          const others = [1, 2].map((number) => ({ ...host, host: `e${index}/${number}` }));
          return [
            ...[host, ...others].map((one) => ({
              ...one,
              at: 1,
              arm: 'control' as const,
              kind: 'enter' as const,
            })),
            { ...host, at: 2, arm: 'control', kind: 'leave' },
            { ...host, at: 2, arm: 'exposed', kind: 'enter' },
            ...(isBad ? [{ ...host, at: 3, arm: 'exposed' as const, kind: 'failed' as const }] : []),
          ];
        });
        const together = updateFailures(test, noFailures(test), events);
        const { evidence } = pooled(deployments, 1);
        assert.ok(Math.abs(evidence.peak / Math.max(1, together.evidence.peak) - 1) < 1e-9);
      }),
    );
  });

  it('is replayed from its records, and a changed one is noticed', () => {
    const given = { rules, state: ringBegun, members: [waiting('a')], now: 5, silentAfterMs };
    const record = ringRecordText(
      noRingRecorded,
      given,
      lookAtRing(rules, ringBegun, given.members, 5, silentAfterMs),
    );
    assert.match(
      JSON.stringify(replayedRing(noRingRecorded, record.replace('"control"', '"exposed"'))),
      /^"Record 1: /,
    );
    const after = afterRingRecord(noRingRecorded, record);
    assert.match(JSON.stringify(replayedRing(after, record)), /does not follow/);
    assert.match(JSON.stringify(replayedRing(noRingRecorded, `${record} `)), /not written as records are/);
    const reworded = replayedRing(
      noRingRecorded,
      record.replace(/"reason":"[^"]*"/, '"reason":"Otherwise."'),
    );
    assert.equal(typeof reworded === 'string' ? reworded : reworded.worded, 'otherwise');
    const { state } = JSON.parse(record).said;
    assert.ok(standsAfter(after, JSON.stringify(state)));
    assert.ok(standsAfter(after, JSON.stringify({ ...state, waived: true })));
    assert.ok(!standsAfter(after, JSON.stringify({ ...state, hostsPeak: 7 })));
  });
});

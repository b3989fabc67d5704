import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { everyone, nobody } from '../direction/cohort.ts';
import { advance } from './advance.ts';
import { deployment, Fleet, hosts, MINUTE, policy, rolling, START } from './fleet.test-data.ts';
import { standingOf } from './standing.ts';

const kinds = fc.constantFrom('deploy' as const, 'rollback' as const, 'undeploy' as const);
const limits = fc.oneof(
  fc.integer({ min: 1, max: 5 }),
  fc.constantFrom('10%' as const, '34%' as const, '100%' as const),
);
const events = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('report' as const),
        at: fc.nat(30),
        healthy: fc.constant(true),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('report' as const),
        at: fc.nat(30),
        healthy: fc.constant(false),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 60 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  ),
  { maxLength: 60 },
);

test('never more than allowed at once, the threshold moves one way, the same evidence decides the same', () => {
  fc.assert(
    fc.property(
      kinds,
      limits,
      fc.integer({ min: 1, max: 25 }),
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.uniqueArray(fc.nat(30)),
      events,
      (kind, maxUnavailable, size, saltBytes, away, happened) => {
        const start = deployment(
          kind,
          { kind: 'rolling', maxUnavailable, maxFailed: 3 },
          Buffer.from(saltBytes).toString('base64url'),
        );
        const gone = START - 3_600_000;
        const fleet = new Fleet(
          start,
          hosts(size).map((one, i) =>
            away.includes(i) ? { ...one, lastReport: gone, lastSeen: gone } : one,
          ),
        );
        for (const event of [{ kind: 'restart' as const }, ...happened]) {
          if (event.kind === 'report') fleet.report(event.at % size, event.healthy);
          else if (event.kind === 'pass') fleet.now += event.minutes * MINUTE;
          else if (event.kind === 'leave')
            fleet.hosts = fleet.hosts.map((one, i) =>
              i === event.at % size && one.admittedAt !== null ? { ...one, components: [] } : one,
            );
          const before = fleet.deployment.threshold;
          const shuffled = fleet.hosts.toReversed();
          const again = advance(fleet.deployment, shuffled, fleet.now, policy);
          assert.deepEqual(advance(fleet.deployment, fleet.hosts, fleet.now, policy), again);
          const unavailableBefore = fleet.hosts.filter(
            (one) =>
              one.components.length > 0 &&
              fleet.told(one) &&
              standingOf(fleet.deployment, one, fleet.now, policy) !== 'done',
          ).length;
          const { progress } = fleet.step();
          const after = fleet.deployment.threshold;
          assert.ok(kind === 'undeploy' ? after <= before : after >= before, 'the threshold went back');
          const unavailable = fleet.hosts.filter(
            (one) =>
              one.components.length > 0 &&
              fleet.told(one) &&
              standingOf(fleet.deployment, one, fleet.now, policy) !== 'done',
          ).length;
          assert.ok(
            unavailable <= Math.max(unavailableBefore, progress.maxUnavailable),
            `${unavailable} unavailable, allowed ${progress.maxUnavailable}`,
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('when all hosts do their part it succeeds, whatever the order, also when some return late', () => {
  fc.assert(
    fc.property(
      kinds,
      limits,
      fc.integer({ min: 1, max: 20 }),
      fc.uniqueArray(fc.nat(20)),
      fc.infiniteStream(fc.nat()),
      (kind, maxUnavailable, size, away, order) => {
        const gone = START - 3_600_000;
        const fleet = new Fleet(
          deployment(kind, rolling(maxUnavailable)),
          hosts(size).map((one, i) =>
            away.includes(i) ? { ...one, lastReport: gone, lastSeen: gone } : one,
          ),
        );
        for (let round = 0; round < 20 * size + 20 && fleet.deployment.state === 'running'; round += 1) {
          fleet.step();
          const index = (order.next().value as number) % size;
          if (!away.includes(index) || round > 5 * size) fleet.report(index, true);
          if (round % size === 0)
            for (let i = 0; i < size; i += 1)
              if (!away.includes(i) || round > 5 * size) fleet.report(i, true);
        }
        assert.equal(fleet.deployment.state, 'succeeded');
        assert.equal(fleet.deployment.threshold, kind === 'undeploy' ? nobody : everyone);
      },
    ),
    { numRuns: 100 },
  );
});

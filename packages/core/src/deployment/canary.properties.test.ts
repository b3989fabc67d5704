import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignmentsFor } from '../direction/assignments.ts';
import { desiredAssignments } from '../environment/assignments.ts';
import type { EnvironmentSpec } from '../environment/spec.ts';
import type { DesiredState } from '../wire/desired-state.ts';
import type { Release } from '../wire/release.ts';
import { advance } from './advance.ts';
import { resumed } from './apply.ts';
import { courseOf, stepAt } from './course.ts';
import type { Deployment, HostEvidence, Strategy } from './deployment.ts';
import {
  deployment,
  digest,
  Fleet,
  hosts,
  MINUTE,
  newPackage,
  oldPackage,
  policy,
} from './fleet.test-data.ts';
import { heldPins, strayPins } from './pins.ts';
import { hostCount, standingOf } from './standing.ts';

const sites = ['muc', 'ber', 'ham', null] as const;
const count = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom('10%' as const, '50%' as const));
const judging = {
  bakeSeconds: fc.constantFrom(0, 300),
  minimumExposure: fc.integer({ min: 1, max: 3 }),
  alpha: fc.constant(0.01),
  onFail: fc.constant('rollback' as const),
  onNoData: fc.constantFrom('ask' as const, 'wait' as const),
  maxUnavailable: fc.oneof(count, fc.constant('100%' as const)),
  maxFailed: fc.constantFrom(0, 3, '100%' as const),
};
const strategies: fc.Arbitrary<Exclude<Strategy, { kind: 'all-at-once' }>> = fc.oneof(
  fc.record({
    kind: fc.constant('canary' as const),
    steps: fc.array(count, { minLength: 1, maxLength: 3 }),
    ...judging,
  }),
  fc.record({ kind: fc.constant('rolling' as const), ...judging }),
);
const happenings = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('report' as const), at: fc.nat(30), healthy: fc.boolean() }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('all report' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        minutes: fc.integer({ min: -10, max: 20 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('relabel' as const),
        at: fc.nat(30),
        site: fc.constantFrom(...sites),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('join' as const), site: fc.constantFrom(...sites) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const) }) },
  ),
  { maxLength: 40 },
);

const release = (name: string, version: string, packageOf: typeof oldPackage) => ({
  digest: digest(name),
  release: {
    product: 'shop',
    version,
    packages: [{ component: 'api', package: packageOf, version, after: [] }],
  } as unknown as Release,
});
const [settled, target] = [release('r1', '1.0.0', oldPackage), release('r2', '2.0.0', newPackage)];
const spec = { name: 'acme/production', products: { shop: {} }, policy: {} } as unknown as EnvironmentSpec;

/** Which package a host is given by what would be published now. */
function givenTo(running: Deployment, host: HostEvidence): string | undefined {
  const assignments = desiredAssignments(spec, [
    { product: 'shop', settled, deployments: [{ deployment: running, release: target }] },
  ]);
  const pins = host.held ? heldPins(running, host) : strayPins(running, host, new Map([['api', oldPackage]]));
  const labels: Record<string, string> = typeof host.stratum === 'string' ? { site: host.stratum } : {};
  const given = assignmentsFor({ assignments } as unknown as DesiredState, host.id, { labels, pins });
  assert.ok(given.assignments.length <= 1, 'two committed releases in one slot');
  return given.assignments[0]?.package;
}

for (const per of [undefined, 'site']) {
  test(`a canary, or rolling by batches, exposes whom it admitted and nobody else, keeps its limits, evicts nobody, and is the same after a restart${per === undefined ? '' : ', by site'}`, () => {
    fc.assert(
      fc.property(strategies, fc.integer({ min: 1, max: 16 }), happenings, (strategy, size, happened) => {
        const labelled = (one: HostEvidence, site: string | null): HostEvidence =>
          per === undefined ? one : { ...one, stratum: site };
        const fleet = new Fleet(
          deployment('deploy', per === undefined ? strategy : { ...strategy, per }),
          hosts(size).map((one, i) => labelled(one, sites[i % 4] ?? null)),
        );
        let joined = size;
        let moved = false;
        for (const event of [{ kind: 'all report' as const }, ...happened]) {
          const admittedBefore = new Set(admitted(fleet).map(({ id }) => id));
          if (event.kind === 'report') fleet.report(event.at % fleet.hosts.length, event.healthy);
          else if (event.kind === 'all report') for (const i of fleet.hosts.keys()) fleet.report(i, true);
          else if (event.kind === 'pass') fleet.now += event.minutes * MINUTE;
          else if (event.kind === 'resume') {
            if (fleet.deployment.state === 'paused') fleet.deployment = resumed(fleet.deployment);
          } else {
            // Shares are of other numbers then.
            moved = true;
            if (event.kind === 'join') {
              const one = hosts(joined + 1).at(-1) ?? assert.fail();
              joined += 1;
              fleet.hosts = [
                ...fleet.hosts,
                labelled({ ...one, lastReport: fleet.now, lastSeen: fleet.now }, event.site),
              ];
            } else
              fleet.hosts = fleet.hosts.map((one, i) =>
                i !== event.at % fleet.hosts.length
                  ? one
                  : event.kind === 'leave'
                    ? { ...one, components: [] }
                    : labelled(one, event.site),
              );
          }
          for (let round = 0; round < 3; round += 1) {
            const again = JSON.parse(JSON.stringify({ d: fleet.deployment, h: fleet.hosts })) as {
              d: Deployment;
              h: HostEvidence[];
            };
            assert.deepEqual(
              advance(again.d, again.h.toReversed(), fleet.now, policy),
              advance(fleet.deployment, fleet.hosts, fleet.now, policy),
              'what was stored and read again, in another order, decides the same',
            );
            const before = unavailableIn(fleet);
            const step = fleet.deployment.canary?.step ?? 0;
            const exposedBefore = exposedIn(fleet);
            fleet.step();
            for (const [site, one] of unavailableIn(fleet)) {
              const limit = hostCount(strategy.maxUnavailable, eligible(fleet, site));
              assert.ok(
                one <= Math.max(limit, before.get(site) ?? 0),
                `${one} unavailable in ${site}, allowed ${limit}`,
              );
            }
            const course = courseOf(strategy) ?? assert.fail();
            const sizes = new Set(fleet.hosts.map(({ stratum = null }) => stratum));
            const { isLast, exposes } = stepAt(
              course,
              step,
              [...sizes].map((site) => eligible(fleet, site)),
            );
            if (!isLast)
              for (const [site, one] of exposedIn(fleet)) {
                const limit = exposes(eligible(fleet, site));
                assert.ok(
                  one <= Math.max(limit, exposedBefore.get(site) ?? 0),
                  `${one} exposed in ${site}, allowed ${limit}`,
                );
              }
          }
          const now = new Set(admitted(fleet).map(({ id }) => id));
          for (const id of admittedBefore) assert.ok(now.has(id), 'evicted');
          if (fleet.deployment.state === 'succeeded') return;
          for (const host of fleet.hosts.filter(({ components }) => components.length > 0))
            assert.equal(
              givenTo(fleet.deployment, host) === newPackage,
              now.has(host.id),
              `given to whom it did not admit, or not to whom it did (moved: ${moved})`,
            );
        }
      }),
      { numRuns: 60 },
    );
  });
}

const admitted = (fleet: Fleet): HostEvidence[] =>
  fleet.hosts.filter(({ admittedAt, held }) => admittedAt !== null && !held);
const eligible = (fleet: Fleet, site: string | null): number =>
  fleet.hosts.filter(({ components, stratum = null }) => components.length > 0 && stratum === site).length;

function bySite(chosen: readonly HostEvidence[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { stratum = null, components } of chosen)
    if (components.length > 0) counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
  return counts;
}
const exposedIn = (fleet: Fleet): Map<string | null, number> => bySite(admitted(fleet));
const unavailableIn = (fleet: Fleet): Map<string | null, number> =>
  bySite(admitted(fleet).filter((one) => standingOf(fleet.deployment, one, fleet.now, policy) !== 'done'));

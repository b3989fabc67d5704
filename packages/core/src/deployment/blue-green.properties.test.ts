import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { advance } from './advance.ts';
import { resumed } from './apply.ts';
import { judgingDefaults } from './course.ts';
import type { HostEvidence } from './deployment.ts';
import { deployment, Fleet, hosts, MINUTE, policy } from './fleet.test-data.ts';
import type { BlueGreenStrategy } from './groups.ts';
import { afterRecord, nothingRecorded, recordOf, recordText, replayed } from './record.ts';
import { standingOf } from './standing.ts';

const colors = ['blue', 'green', 'blue', 'green', null] as const;
const strategies: fc.Arbitrary<BlueGreenStrategy> = fc.record({
  kind: fc.constant('blue-green' as const),
  per: fc.constant('color'),
  groups: fc.constant(['blue', 'green'] as const),
  maxUnavailable: fc.constantFrom('100%' as const, 1, 2),
  maxFailed: fc.constantFrom(0, 2, '100%' as const),
  keepSeconds: fc.constantFrom(0, 600),
  switchSeconds: fc.constantFrom(60, 300),
  bakeSeconds: fc.constantFrom(0, 60, 300),
  minimumExposure: fc.integer({ min: 1, max: 3 }),
  alpha: fc.constant(judgingDefaults.alpha),
  onFail: fc.constantFrom('rollback' as const, 'stop' as const),
  onNoData: fc.constantFrom('ask' as const, 'wait' as const),
});
const at = fc.nat(30);
const happenings = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('report' as const), at, healthy: fc.boolean() }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('all report' as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: -5, max: 12 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('applied' as const), balancers: fc.constantFrom(0, 1, 2, 2) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('relabel' as const), at, color: fc.constantFrom(...colors) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('join' as const), color: fc.constantFrom(...colors) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('resume' as const) }) },
  ),
  { maxLength: 60 },
);
type Happening = typeof happenings extends fc.Arbitrary<(infer T)[]> ? T : never;

/** Each host reports, both balancers answer and time passes: what random histories seldom hold long enough. */
const quiet: readonly Happening[] = [
  { kind: 'all report' },
  { kind: 'applied', balancers: 2 },
  { kind: 'pass', minutes: 6 },
];
const failure: Happening = { kind: 'report', at: 1, healthy: false };
const example: BlueGreenStrategy = {
  kind: 'blue-green',
  per: 'color',
  groups: ['blue', 'green'],
  maxUnavailable: '100%',
  maxFailed: 0,
  keepSeconds: 600,
  switchSeconds: 300,
  bakeSeconds: 60,
  minimumExposure: 1,
  alpha: judgingDefaults.alpha,
  onFail: 'rollback',
  onNoData: 'wait',
};
/** Between them they come to every phase and end. */
const examples: [BlueGreenStrategy, number, Happening[]][] = [
  [example, 6, Array.from({ length: 12 }, () => quiet).flat()],
  [example, 6, [...quiet, ...quiet, failure, ...Array.from({ length: 6 }, () => quiet).flat()]],
];

const eligible = ({ components }: HostEvidence): boolean => components.length > 0;

function happen(fleet: Fleet, event: Happening): void {
  switch (event.kind) {
    case 'report':
      fleet.report(event.at % fleet.hosts.length, event.healthy);
      return;
    case 'all report':
      for (const i of fleet.hosts.keys()) fleet.report(i, true);
      return;
    case 'pass':
      fleet.now += event.minutes * MINUTE;
      return;
    case 'applied':
      fleet.applied(event.balancers);
      return;
    case 'join': {
      const one = hosts(fleet.hosts.length + 1).at(-1) ?? assert.fail();
      fleet.hosts = [
        ...fleet.hosts,
        { ...one, stratum: event.color, lastReport: fleet.now, lastSeen: fleet.now },
      ];
      return;
    }
    case 'pause':
      if (fleet.deployment.state === 'running' && fleet.deployment.canary !== undefined)
        fleet.deployment = { ...fleet.deployment, state: 'paused', reason: 'paused by anna.' };
      return;
    case 'resume':
      if (fleet.deployment.state === 'paused') fleet.deployment = resumed(fleet.deployment);
      return;
    default:
      fleet.hosts = fleet.hosts.map((one, i) =>
        i !== event.at % fleet.hosts.length
          ? one
          : event.kind === 'leave'
            ? { ...one, components: [] }
            : { ...one, stratum: event.color },
      );
  }
}

test('traffic goes to no group with a host that is not done, there once and back once; never do both groups update; the same is decided again', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(strategies, fc.integer({ min: 2, max: 12 }), happenings, (strategy, size, happened) => {
      const fleet = new Fleet(
        deployment('deploy', strategy),
        hosts(size).map((one, i) => ({ ...one, stratum: colors[i % 2] ?? null })),
      );
      fleet.traffic = { serving: 'blue', number: 0, of: 2, applied: 2, behind: 0, names: ['lb-1', 'lb-2'] };
      const switches: string[] = [];
      let recorded = nothingRecorded;
      let checked = nothingRecorded;
      for (const event of [{ kind: 'all report' as const }, ...happened]) {
        happen(fleet, event);
        for (let round = 0; round < 4; round += 1) {
          const { deployment: before, hosts: known, now, traffic } = fleet;
          const is = (one: HostEvidence, standing: string): boolean =>
            eligible(one) && standingOf(before, one, now, policy) === standing;
          const stored = JSON.parse(JSON.stringify({ before, known, traffic }));
          const again = advance(
            stored.before,
            stored.known.toReversed(),
            now,
            policy,
            undefined,
            stored.traffic,
          );
          const result = fleet.step();
          assert.deepEqual(
            again,
            result,
            'what was stored and read again, in another order, decides the same',
          );
          if (result.decisions.length === 0) break;
          const record = recordOf(
            recorded,
            before,
            known,
            now,
            policy,
            result,
            traffic === undefined ? {} : { traffic },
          );
          recorded = afterRecord(recorded, record);
          const replay = replayed(checked, recordText(record));
          if (typeof replay === 'string') assert.fail(replay);
          checked = replay.after;
          for (const one of result.decisions) {
            if (one.kind === 'groups') seen.add(one.groups.phase);
            if (one.kind === 'end') seen.add(one.state);
            if (one.kind === 'switch') {
              switches.push(one.to);
              assert.notEqual(before.state, 'paused');
              const forward = one.to === 'green';
              for (const host of known)
                if (forward && eligible(host) && host.stratum === one.to)
                  assert.ok(is(host, 'done'), 'given traffic');
            }
            if (one.kind !== 'admit') continue;
            const isGreen = (host: HostEvidence): boolean => host.stratum === 'green';
            const groupsOf = new Set(known.filter(({ id }) => one.hosts.includes(id)).map(isGreen));
            assert.equal(groupsOf.size, 1, 'both groups at once');
            for (const green of groupsOf)
              assert.ok(
                !known.some((host) => isGreen(host) !== green && is(host, 'updating')),
                'the other group is updating',
              );
            if (before.groups?.phase !== 'second') assert.ok(groupsOf.has(true), 'the group with traffic');
          }
        }
      }
      assert.ok(['', 'green', 'green,blue'].includes(switches.join()), switches.join());
    }),
    { numRuns: 400, examples },
  );
  for (const phase of ['idle', 'switching', 'watching', 'kept', 'second', 'returning', 'succeeded', 'failed'])
    assert.ok(seen.has(phase), `never came to ${phase}`);
});

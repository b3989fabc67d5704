import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resumed } from './apply.ts';
import { hasEnded } from './deployment.ts';
import { oldPackage } from './fleet.test-data.ts';
import { olderPackage, World } from './groups-world.test-data.ts';

const at = fc.nat(30);
const events = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('all report' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('report' as const), at, healthy: fc.boolean() }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 0, max: 12 }) }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('hear' as const), at, isSilent: fc.boolean() }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('all hear' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('mute' as const), at }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('calm' as const), rounds: fc.nat(8) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('rollback' as const),
        to: fc.constantFrom(oldPackage, oldPackage, olderPackage),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('deploy' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const) }) },
  ),
  { maxLength: 80 },
);
type Event = typeof events extends fc.Arbitrary<(infer T)[]> ? T : never;

const calmWorld = { size: 6, balancers: 2, maxUnavailable: '100%', rounds: 0 } as const;
const quietly = (times: number): Event[] =>
  Array.from({ length: times }, () => [
    { kind: 'all report' } as const,
    { kind: 'all hear' } as const,
    { kind: 'pass', minutes: 2 } as const,
  ]).flat();
const back: Event = { kind: 'rollback', to: oldPackage };
/** Between them they come to everything that must have been seen: random histories do not always. */
const examples: [typeof calmWorld, Event[]][] = [
  [calmWorld, [...quietly(20), back, ...quietly(20)]],
  [calmWorld, [...quietly(4), back, ...quietly(20)]],
  [calmWorld, [...quietly(4), { kind: 'report', at: 1, healthy: false }, ...quietly(20)]],
];

function happen(world: World, event: Event): void {
  switch (event.kind) {
    case 'all report':
      world.all();
      return;
    case 'report':
      world.report(event.at, event.healthy);
      return;
    case 'pass':
      world.pass(event.minutes);
      return;
    case 'hear':
      world.hear(event.at, event.isSilent);
      return;
    case 'mute':
      world.mute(event.at);
      return;
    case 'all hear':
      for (const i of world.balancers.keys()) world.hear(i, false);
      return;
    case 'calm':
      calm(world, event.rounds);
      return;
    case 'rollback':
      world.rollback(event.to);
      return;
    case 'deploy':
      if (world.fleet.deployment.strategy.kind === 'blue-green' && world.fleet.deployment.kind === 'deploy')
        world.deployNext();
      return;
    default:
      if (world.fleet.deployment.state !== 'paused') return;
      world.isForced = true;
      world.fleet.deployment = resumed(world.fleet.deployment);
  }
}

/** Everybody is well and heard of, and people answer what is asked. */
function calm(world: World, rounds = 40): void {
  for (let round = 0; round < rounds && !hasEnded(world.fleet.deployment); round += 1) {
    world.pass(1);
    world.all();
    for (const i of world.balancers.keys()) world.hear(i, false);
    if (world.fleet.deployment.state === 'paused') world.fleet.deployment = resumed(world.fleet.deployment);
    world.step();
  }
}

test('no balancer sends requests to a group that is being changed, whatever comes after what; and a way back arrives', () => {
  const seen = new Set<string>();
  const strategy = { kind: 'blue-green', keepSeconds: 300, bakeSeconds: 60 } as const;
  const world = fc.record({
    size: fc.integer({ min: 2, max: 9 }),
    balancers: fc.integer({ min: 1, max: 3 }),
    maxUnavailable: fc.constantFrom('100%' as const, 1),
    rounds: fc.nat(20),
  });
  fc.assert(
    fc.property(world, events, ({ size, balancers, maxUnavailable, rounds }, happened) => {
      const world = new World(size, balancers, { ...strategy, maxUnavailable });
      calm(world, rounds);
      for (const event of happened) {
        happen(world, event);
        for (const { kind, phase, ...one } of world.step()) {
          const { deployment } = world.fleet;
          seen.add(`${deployment.kind} ${deployment.strategy.kind} ${phase ?? ''}`);
          if ('state' in one) seen.add(`${deployment.kind} ${one.state}`);
          if (kind === 'switch') seen.add(`${deployment.kind} switches`);
        }
        if (!world.isForced)
          assert.deepEqual(
            world.changingWithTraffic().map(({ id, stratum }) => [id, stratum]),
            [],
          );
      }
      if (world.fleet.deployment.kind !== 'rollback') world.rollback(oldPackage);
      const { to } = world.fleet.deployment;
      const hasBegun = !hasEnded(world.fleet.deployment);
      calm(world);
      if (!hasBegun) return;
      const { state, reason } = world.fleet.deployment;
      assert.equal(state, 'succeeded', reason ?? '');
      for (const wanted of world.wanted.values()) assert.equal(wanted, to?.digest);
    }),
    { numRuns: 500, examples },
  );
  for (const wanted of [
    'rollback blue-green idle',
    'rollback blue-green switching',
    'rollback blue-green second',
    'rollback all-at-once returning',
    'rollback switches',
    'rollback succeeded',
    'deploy failed',
    'deploy succeeded',
  ])
    assert.ok(seen.has(wanted), `never came to ${wanted}: ${[...seen].sort().join(', ')}`);
});

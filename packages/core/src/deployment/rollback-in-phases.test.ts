import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumed } from './apply.ts';
import type { Deployment } from './deployment.ts';
import { newPackage, oldPackage } from './fleet.test-data.ts';
import { givenBack, goesBackInPhases } from './groups.ts';
import { kinds } from './groups-fleet.test-data.ts';
import { olderPackage, World } from './groups-world.test-data.ts';
import { chosenStrategy, type StrategyFor } from './strategy.ts';

const rounds = 40;

/** Eight hosts behind two balancers; the update has come to this phase, or to its end. */
function worldAt(phase: string): World {
  const world = new World(8, 2, { kind: 'blue-green', keepSeconds: 300 });
  for (let round = 0; round < rounds; round += 1) {
    world.all();
    for (const i of world.balancers.keys()) world.hear(i, false);
    world.step();
    const { groups, state } = world.fleet.deployment;
    const hasBegun =
      phase !== 'second' ||
      world.fleet.hosts.some(({ stratum, admittedAt }) => stratum === 'blue' && admittedAt !== null);
    if (state === phase || (groups?.phase === phase && hasBegun)) return world;
    world.pass(1);
  }
  return assert.fail(`never came to ${phase}`);
}
const told = (world: World, group: string, to = oldPackage): number =>
  world.fleet.hosts.filter(({ id, stratum }) => stratum === group && world.wanted.get(id) === to).length;
const hear = (world: World): void => {
  for (const i of world.balancers.keys()) world.hear(i, false);
};

for (const phase of ['second', 'succeeded'])
  test(`a rollback of what is ${phase}: the group without traffic, traffic, the other group`, () => {
    const world = worldAt(phase);
    assert.deepEqual([world.fleet.traffic?.serving, told(world, 'green', newPackage)], ['green', 4]);
    world.rollback(oldPackage);
    // In the second phase they have not reported what they were told then: they may be at it.
    assert.deepEqual(kinds(world.step()), ['idle']);
    assert.deepEqual([told(world, 'blue'), told(world, 'green')], [4, 0]);
    world.all();
    assert.deepEqual(kinds(world.step()), ['switching', 'to blue']);
    world.hear(0, false);
    assert.deepEqual(kinds(world.step()), []);
    assert.match(
      world.fleet.step().reason,
      /1 of 2 balancers have not reported that traffic goes to blue: lb-1/,
    );
    assert.equal(told(world, 'green'), 0);
    hear(world);
    assert.deepEqual(kinds(world.step()), ['second']);
    assert.equal(told(world, 'green'), 4);
    world.all();
    assert.deepEqual(kinds(world.step()), ['succeeded']);
  });

test('hosts that do not get well hold up traffic, are asked about, and a person brings it to the others', () => {
  const world = worldAt('succeeded');
  world.rollback(oldPackage);
  world.step();
  world.all();
  world.report(0, false);
  assert.deepEqual(kinds(world.step()), ['ask']);
  assert.match(
    world.fleet.deployment.reason ?? '',
    /3 of 4 hosts of blue run it and are well.*to go on brings traffic to blue as it is/,
  );
  assert.doesNotMatch(world.fleet.deployment.reason ?? '', /xylem rollback/);
  assert.equal(world.fleet.traffic?.serving, 'green');
  world.fleet.deployment = resumed(world.fleet.deployment);
  assert.deepEqual(kinds(world.step()), ['switching', 'to blue']);
});

test('no word brings traffic to a group without one host that is well', () => {
  const world = worldAt('succeeded');
  world.rollback(oldPackage);
  world.step();
  world.all(false);
  for (let i = 0; i < 3; i += 1) {
    assert.deepEqual(kinds(world.step()), ['ask']);
    assert.match(world.fleet.deployment.reason ?? '', /0 of 4 hosts of blue .*repair one/);
    world.fleet.deployment = resumed(world.fleet.deployment);
  }
  assert.equal(world.fleet.traffic?.serving, 'green');
});

test('a word about balancers is none about hosts', () => {
  const world = worldAt('succeeded');
  world.rollback(oldPackage);
  world.mute(0);
  const [first] = world.balancers;
  if (first !== undefined) first.reported = -1;
  assert.deepEqual(kinds(world.step()), ['idle']);
  assert.equal(told(world, 'blue'), 0);
  world.pass(5);
  assert.deepEqual(kinds(world.step()), ['ask']);
  world.fleet.deployment = resumed(world.fleet.deployment);
  world.step();
  assert.deepEqual([told(world, 'blue'), world.fleet.deployment.groups?.without], [4, 1]);
  world.all();
  world.report(0, false);
  assert.deepEqual(kinds(world.step()), ['ask']);
  assert.match(world.fleet.deployment.reason ?? '', /3 of 4 hosts of blue/);
});

test('what fails while traffic is on its way back does not send it to what was to be left', () => {
  const world = worldAt('succeeded');
  world.rollback(oldPackage);
  world.step();
  world.all();
  world.step();
  world.all(false);
  assert.deepEqual(kinds(world.step()), []);
  assert.equal(givenBack(world.fleet.deployment, world.fleet.now), null);
  hear(world);
  world.step();
  assert.equal(world.fleet.traffic?.serving, 'blue');
});

test('all at once goes what the group with traffic runs already', () => {
  for (const phase of ['idle', 'switching', 'watching', 'kept']) {
    const world = worldAt(phase);
    world.rollback(oldPackage);
    assert.equal(world.fleet.deployment.strategy.kind, 'all-at-once', phase);
    const older = worldAt(phase);
    older.rollback(olderPackage);
    assert.equal(older.fleet.deployment.strategy.kind, 'blue-green', phase);
    assert.equal(older.fleet.traffic?.serving, 'blue');
  }
});

test('what else was deployed goes back in phases too, and the same way back as it was begun', () => {
  const of = (kind: Deployment['kind'], strategy: string) =>
    ({ kind, strategy: { kind: strategy }, to: { digest: newPackage } }) as unknown as Deployment;
  const asked = (last: Deployment | null, to = oldPackage) =>
    goesBackInPhases({ last, unsettled: 1, settled: oldPackage, to });
  assert.equal(asked(null), false);
  assert.equal(asked(of('undeploy', 'all-at-once')), false);
  assert.equal(asked(of('deploy', 'rolling')), true);
  assert.equal(asked(of('rollback', 'all-at-once'), newPackage), false);
  assert.equal(asked(of('rollback', 'all-at-once')), true);
  assert.equal(asked(of('rollback', 'blue-green'), newPackage), true);
});

test('people may say otherwise, and within what it takes', () => {
  const about: StrategyFor = {
    kind: 'rollback',
    isFirst: false,
    hosts: 8,
    policy: { maxUnavailable: 1, metrics: [{ name: 'errors', source: 'prometheus', limit: 0.01 }] },
    traffic: { label: 'color', groups: ['blue', 'green'] },
    isInPhases: true,
  };
  const usual = chosenStrategy(undefined, about);
  assert.deepEqual(usual, {
    kind: 'blue-green',
    per: 'color',
    groups: ['blue', 'green'],
    maxUnavailable: '100%',
    maxFailed: '100%',
    keepSeconds: 0,
    switchSeconds: 300,
    bakeSeconds: 0,
    minimumExposure: 1,
    alpha: 0.01,
    onFail: 'stop',
    onNoData: 'ask',
  });
  assert.deepEqual(chosenStrategy({ kind: 'blue-green', maxUnavailable: 2, switchSeconds: 60 }, about), {
    ...usual,
    maxUnavailable: 2,
    switchSeconds: 60,
  });
  assert.deepEqual(chosenStrategy({ kind: 'all-at-once' }, about), { kind: 'all-at-once' });
  for (const wanted of [{ keepSeconds: 60 }, { bakeSeconds: 60 }])
    assert.throws(() => chosenStrategy({ kind: 'blue-green', ...wanted }, about), { code: 'E_INPUT' });
});

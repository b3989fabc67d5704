import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumed } from './apply.ts';
import { canaryStanding } from './canary-standing.ts';
import { promisesUndo } from './course.ts';
import type { Figures, FiguresWanted } from './figures.ts';
import { deployment, Fleet, newPackage, oldPackage } from './fleet.test-data.ts';
import { givenBack } from './groups.ts';
import {
  failing,
  fleetOf,
  has,
  kinds,
  look,
  pass,
  phase,
  strategy,
  watched,
} from './groups-fleet.test-data.ts';
import { chosenStrategy, type StrategyFor } from './strategy.ts';

const errors = { metrics: [{ name: 'errors', test: { kind: 'limit', share: 0.002 } }] } as const;

test('one group, then traffic, then the other group', () => {
  const fleet = fleetOf(8);
  assert.deepEqual(kinds(look(fleet)), ['idle']);
  look(fleet);
  assert.deepEqual([has(fleet, 'green'), has(fleet, 'blue')], [4, 0]);
  assert.equal(canaryStanding(fleet.deployment, fleet.hosts, fleet.now)?.steps, 3);
  assert.deepEqual(kinds(pass(fleet, 61)), ['switching', 'to green']);
  assert.deepEqual([fleet.traffic?.serving, fleet.traffic?.number], ['green', 4]);
  fleet.applied(1);
  const waits = fleet.step();
  assert.match(waits.reason, /1 of 2 balancers have not reported that traffic goes to green/);
  fleet.applied();
  assert.deepEqual(kinds(look(fleet)), ['watching']);
  assert.deepEqual(kinds(pass(fleet, 59)), [], 'the bake begins anew with traffic');
  assert.equal(canaryStanding(fleet.deployment, fleet.hosts, fleet.now)?.bakingUntil, fleet.now + 1000);
  assert.deepEqual(kinds(pass(fleet, 2)), ['kept']);
  assert.equal(fleet.step().due, fleet.now + 1800_000);
  assert.deepEqual(kinds(pass(fleet, 1799)), []);
  assert.equal(has(fleet, 'blue'), 0);
  assert.deepEqual(kinds(pass(fleet, 1)), ['second']);
  look(fleet);
  assert.equal(has(fleet, 'blue'), 4);
  assert.deepEqual(kinds(pass(fleet, 61)), ['succeeded']);
  assert.equal(fleet.traffic?.serving, 'green');
  assert.match(fleet.deployment.reason ?? '', /green has the traffic; the next update begins with blue/);
});

test('by maxUnavailable the group comes in parts, and no traffic before all of it', () => {
  const fleet = fleetOf(8, { maxUnavailable: 1 });
  look(fleet);
  for (let i = 0; i < 4; i += 1) {
    assert.equal(has(fleet, 'green'), i);
    assert.equal(fleet.traffic?.serving, 'blue');
    look(fleet);
  }
  assert.deepEqual(kinds(pass(fleet, 61)), ['switching', 'to green']);
});

test('a group that fails without traffic ends it, and traffic is left alone', () => {
  const fleet = fleetOf(8);
  look(fleet);
  failing(fleet, 1);
  const { decisions } = fleet.step();
  assert.deepEqual(kinds(decisions), ['failed']);
  assert.deepEqual([fleet.traffic?.serving, fleet.traffic?.number], ['blue', 3]);
  assert.ok(promisesUndo(fleet.deployment));
});

test('of a large group one host that fails asks, and going on does not bring traffic to it', () => {
  const fleet = fleetOf(80);
  look(fleet);
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  failing(fleet, 1);
  fleet.step();
  fleet.now += 61_000;
  for (let round = 0; round < 3; round += 1) {
    const { reason, verdict } = fleet.step();
    assert.equal(verdict, 'inconclusive');
    assert.match(reason, /1 host of green is not well with it/);
    assert.equal(fleet.deployment.state, 'paused');
    assert.equal(fleet.traffic?.serving, 'blue');
    fleet.deployment = resumed(fleet.deployment);
  }
  assert.deepEqual(kinds(pass(fleet, 61)), []);
  assert.deepEqual(kinds(pass(fleet, 61)), ['switching', 'to green'], 'it got well, and baked');
});

test('with traffic a failure gives it back in one decision, and promises a way back', () => {
  const fleet = watched();
  failing(fleet, 1);
  const { decisions } = fleet.step();
  assert.deepEqual(kinds(decisions), ['returning', 'to blue', 'failed']);
  assert.deepEqual([fleet.traffic?.serving, fleet.traffic?.number], ['blue', 5]);
  assert.ok(promisesUndo(fleet.deployment));
  assert.deepEqual(fleet.step().decisions, []);
});

test('also while it is kept, and not once the second has begun', () => {
  const fleet = watched();
  pass(fleet, 61);
  assert.equal(phase(fleet), 'kept');
  failing(fleet, 1);
  assert.deepEqual(kinds(fleet.step().decisions), ['returning', 'to blue', 'failed']);
  const late = watched(8, { keepSeconds: 0 });
  pass(late, 61);
  assert.equal(phase(late), 'second');
  failing(late, 2);
  assert.deepEqual(kinds(late.step().decisions), ['failed']);
  assert.equal(late.traffic?.serving, 'green');
  assert.ok(promisesUndo(late.deployment), 'in phases');
  assert.equal(givenBack({ ...late.deployment, state: 'running' }, late.now), null);
});

test('balancers that do not report are asked about, or it goes back', () => {
  for (const [onNoData, expected] of [
    ['ask', ['ask']],
    ['wait', ['returning', 'to blue', 'failed']],
  ] as const) {
    const fleet = fleetOf(8, { onNoData });
    look(fleet);
    look(fleet);
    pass(fleet, 61);
    assert.deepEqual(kinds(pass(fleet, 299)), []);
    fleet.now += 1000;
    const { reason, decisions, verdict } = fleet.step();
    assert.deepEqual([kinds(decisions), verdict], [expected, 'no data']);
    assert.match(reason, /lb-1, lb-2/);
    if (onNoData === 'wait') continue;
    assert.equal(phase(fleet), 'switching');
    fleet.deployment = resumed(fleet.deployment);
    assert.deepEqual(kinds(fleet.step().decisions), ['watching'], 'with what there is');
  }
});

test('where no balancer is heard of nothing begins', () => {
  for (const none of [{ of: 0 }, { of: 2, silent: 2 }]) {
    const fleet = fleetOf(4);
    fleet.traffic = { serving: 'blue', number: 0, applied: 0, behind: 0, names: [], ...none };
    look(fleet);
    assert.equal(has(fleet, 'green'), 0);
    assert.deepEqual(kinds(pass(fleet, 301)), ['ask']);
  }
});

test('the next one begins with the other group, once no balancer sends it requests', () => {
  const fleet = fleetOf(8);
  fleet.traffic = { serving: 'green', number: 4, of: 2, applied: 1, behind: 1, names: ['lb-2'] };
  look(fleet);
  look(fleet);
  assert.deepEqual([has(fleet, 'blue'), has(fleet, 'green')], [0, 0]);
  fleet.applied();
  look(fleet);
  look(fleet);
  assert.deepEqual([has(fleet, 'blue'), has(fleet, 'green')], [4, 0]);
});

test('a person who ends it while green has the traffic gives that back', () => {
  const fleet = watched();
  const given = givenBack(fleet.deployment, fleet.now) ?? assert.fail();
  assert.deepEqual([given.to, given.deployment.groups.phase], ['blue', 'returning']);
  assert.equal(givenBack(fleetOf(8).deployment, 0), null);
  const back = new Fleet(
    {
      ...deployment('rollback', { kind: 'all-at-once' }),
      components: { api: { from: [newPackage], to: oldPackage } },
      groups: given.deployment.groups,
    },
    fleet.hosts,
  );
  back.now = fleet.now;
  back.traffic = { serving: 'blue', number: 5, of: 2, applied: 1, behind: 1, names: ['lb-2'] };
  const waiting = back.step();
  assert.deepEqual(waiting.decisions, []);
  assert.match(waiting.reason, /No host of green goes back before that/);
  assert.equal(waiting.due, fleet.now + 300_000);
  back.applied();
  assert.deepEqual(kinds(back.step().decisions), ['returned']);
  assert.ok(back.step().decisions.some(({ kind }) => kind === 'admit'));
  const late = new Fleet({ ...back.deployment, groups: given.deployment.groups }, fleet.hosts);
  late.now = fleet.now + 300_000;
  assert.deepEqual(kinds(late.step().decisions), ['ask']);
  late.deployment = resumed(late.deployment);
  assert.deepEqual(kinds(late.step().decisions), ['returned']);
});

function figuresOf(fleet: Fleet, { step, look }: FiguresWanted, share: number): Figures {
  const of = fleet.hosts.map((one) => ({
    host: one.id,
    bad: one.stratum === 'green' ? 1000 * share : 0,
    all: one.stratum === 'green' ? 1000 : 0,
  }));
  return { step, ...(look === undefined ? {} : { look }), metrics: { errors: { hosts: of } } };
}

test('figures are asked for with traffic alone, and bad ones give it back within the bake', () => {
  for (const [share, last] of [
    [0, 'kept'],
    [0.05, 'failed'],
  ] as const) {
    const fleet = fleetOf(8, { ...errors, bakeSeconds: 800 });
    for (let i = 0; i < 12 && phase(fleet) !== 'switching'; i += 1) {
      assert.equal(fleet.step().wants, undefined);
      pass(fleet, 100);
    }
    fleet.applied();
    look(fleet);
    const windows: number[] = [];
    const began = fleet.now;
    let seen: string[] = [];
    for (let i = 0; i < 12 && !seen.includes(last); i += 1) {
      const { wants } = fleet.step();
      if (wants !== undefined) windows.push((wants.toMs - wants.fromMs) / 1000);
      seen = wants === undefined ? [] : kinds(fleet.step(figuresOf(fleet, wants, share)).decisions);
      if (!seen.includes(last)) pass(fleet, 100);
    }
    assert.ok(seen.includes(last), seen.join());
    if (share === 0) assert.deepEqual(windows, [100, 200, 400, 800]);
    else assert.ok(fleet.now - began < 800_000, 'only after the bake');
  }
});

test('what is compared with hosts that do not have it has none, and does not pass by that', () => {
  const metrics = [{ name: 'errors', test: { kind: 'controls' } }] as const;
  const fleet = watched(8, { metrics });
  fleet.now += 61_000;
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  const { wants } = fleet.step();
  const said = fleet.step(figuresOf(fleet, wants ?? assert.fail(), 0.5));
  assert.equal(said.verdict, 'no data');
  assert.match(said.reason, /no host without the release has traffic: errors/);
  assert.equal(fleet.deployment.state, 'paused');
});

test('traffic that somebody else moved is asked about', () => {
  const fleet = fleetOf(8);
  look(fleet);
  fleet.traffic = { ...(fleet.traffic ?? assert.fail()), serving: 'green', number: 4 };
  const { reason } = fleet.step();
  assert.match(reason, /Traffic goes to green by somebody else's word/);
  assert.equal(fleet.deployment.state, 'paused');
});

test('the strategy is filled in, and refused where there are no groups', () => {
  const about: StrategyFor = { kind: 'deploy', isFirst: false, hosts: 8, policy: { maxUnavailable: 1 } };
  const traffic = { label: 'color', groups: ['blue', 'green'] } as const;
  assert.deepEqual(chosenStrategy({ kind: 'blue-green' }, { ...about, traffic }), strategy);
  assert.throws(() => chosenStrategy({ kind: 'blue-green' }, about), { code: 'E_INPUT' });
  assert.throws(() => chosenStrategy({ kind: 'blue-green' }, { ...about, traffic, kind: 'rollback' }), {
    code: 'E_INPUT',
  });
  const quoted = { label: 'color', groups: ['blue', '"'] } as const;
  assert.throws(
    () => chosenStrategy({ kind: 'blue-green' }, { ...about, traffic: quoted }),
    /without quotes/,
  );
  const policyOf = { maxUnavailable: 1, strategy: { kind: 'blue-green', keepSeconds: 60 } } as const;
  assert.equal(chosenStrategy(undefined, { ...about, policy: policyOf }).kind, 'canary');
  assert.equal(chosenStrategy(undefined, { ...about, policy: policyOf, traffic }).kind, 'blue-green');
});

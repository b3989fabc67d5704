import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumed } from './apply.ts';
import { deployment, Fleet, newPackage, oldPackage } from './fleet.test-data.ts';
import { type BlueGreenStrategy, givenBack, waitingFor } from './groups.ts';
import { failing, fleetOf, has, kinds, look, pass, phase, watched } from './groups-fleet.test-data.ts';

/** The one balancer has reported, and the other has not been heard of since before. */
function oneIsSilent(fleet: Fleet): void {
  const traffic = fleet.traffic ?? assert.fail();
  const names = ['lb-2 (silent since 2026-11-22T08:00:00Z)'];
  fleet.traffic = { ...traffic, applied: 1, behind: 0, silent: 1, names };
}

/** Up to where the old group would be updated next, though a balancer may still send it requests. */
function asked(more: Partial<BlueGreenStrategy> = {}): Fleet {
  const fleet = watched(8, more);
  oneIsSilent(fleet);
  assert.deepEqual(kinds(pass(fleet, 61)), ['kept']);
  assert.deepEqual(kinds(pass(fleet, 1800)), []);
  assert.deepEqual([phase(fleet), has(fleet, 'blue')], ['kept', 0]);
  assert.equal(fleet.step().due, fleet.now + 300_000);
  fleet.now += 300_000;
  return fleet;
}

test('a switch that a silent balancer has not confirmed does not count', () => {
  const fleet = fleetOf(8);
  look(fleet);
  look(fleet);
  assert.deepEqual(kinds(pass(fleet, 61)), ['switching', 'to green']);
  oneIsSilent(fleet);
  const waits = fleet.step();
  assert.deepEqual(kinds(waits.decisions), []);
  assert.match(
    waits.reason,
    /1 of 2 balancers have not reported .*: lb-2 \(silent since 2026-11-22T08:00:00Z\)/,
  );
  assert.deepEqual(kinds(pass(fleet, 300)), ['ask']);
  assert.match(fleet.deployment.reason ?? '', /lb-2 .*xylem host retire.*xylem deployment skip/);
});

test('the old group is not touched while a silent balancer may still send it requests', () => {
  const fleet = asked();
  assert.deepEqual(kinds(fleet.step().decisions), ['ask']);
  assert.match(fleet.deployment.reason ?? '', /lb-2 .* No host is updated before they have/);
  assert.equal(
    givenBack(fleet.deployment, fleet.now)?.to,
    'blue',
    'until then there is a way back in one step',
  );
  fleet.applied();
  fleet.deployment = resumed(fleet.deployment);
  assert.deepEqual(kinds(look(fleet)), ['second']);
  assert.equal(fleet.deployment.groups?.without, undefined);
});

test('a person goes on without it, and not without one more', () => {
  const fleet = asked();
  fleet.step();
  fleet.deployment = resumed(fleet.deployment);
  assert.ok(kinds(fleet.step().decisions).includes('second'));
  assert.equal(fleet.deployment.groups?.without, 1);
  const { traffic } = fleet;
  fleet.applied(0);
  look(fleet);
  assert.equal(has(fleet, 'blue'), 0);
  fleet.traffic = traffic;
  look(fleet);
  look(fleet);
  assert.equal(has(fleet, 'blue'), 4);
});

test('who waits for data waits for it without end', () => {
  const fleet = asked({ onNoData: 'wait' });
  fleet.now += 86_400_000;
  assert.deepEqual(kinds(look(fleet)), []);
  assert.deepEqual([phase(fleet), fleet.deployment.state], ['kept', 'running']);
});

test('what failed is asked together with who is missing, for to go on is to go on without them', () => {
  const fleet = watched(16, { maxFailed: '100%' });
  oneIsSilent(fleet);
  assert.deepEqual(kinds(pass(fleet, 61)), ['kept']);
  failing(fleet, 2);
  fleet.now += 1800_000;
  assert.deepEqual(kinds(fleet.step().decisions), ['ask']);
  assert.match(fleet.deployment.reason ?? '', /2 failed.*lb-2/);
});

test('nobody goes back before a silent balancer has confirmed it either', () => {
  const fleet = watched();
  const { groups } = givenBack(fleet.deployment, fleet.now)?.deployment ?? assert.fail();
  const back = new Fleet(
    {
      ...deployment('rollback', { kind: 'all-at-once' }),
      components: { api: { from: [newPackage], to: oldPackage } },
      ...waitingFor(groups, fleet.now),
    },
    fleet.hosts,
  );
  back.now = fleet.now;
  back.traffic = { serving: 'blue', number: 5, of: 2, applied: 2, behind: 0, names: [] };
  oneIsSilent(back);
  assert.deepEqual(back.step().decisions, []);
  back.now += 300_000;
  assert.deepEqual(kinds(back.step().decisions), ['ask']);
  assert.match(back.deployment.reason ?? '', /lb-2 \(silent since .*No host of green goes back before that/);
});

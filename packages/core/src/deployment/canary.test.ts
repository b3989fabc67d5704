import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAsking, resumed } from './apply.ts';
import type { CanaryStrategy, Deployment } from './deployment.ts';
import { deployment, Fleet, hosts, MINUTE, oldPackage, policy, runs } from './fleet.test-data.ts';

const canary = (more: Partial<CanaryStrategy> = {}): CanaryStrategy => ({
  kind: 'canary',
  steps: [1, '50%'],
  bakeSeconds: 300,
  minimumExposure: 1,
  maxUnavailable: '100%',
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'ask',
  ...more,
});
const start = (more: Partial<CanaryStrategy> = {}): Deployment => deployment('deploy', canary(more));
const exposed = (fleet: Fleet): number[] =>
  fleet.hosts.flatMap(({ admittedAt, held }, i) => (admittedAt !== null && !held ? [i] : []));

/** Until nothing more follows from what is known. */
function settle(fleet: Fleet) {
  for (let round = 0; round < 20; round += 1) {
    const result = fleet.step();
    if (result.decisions.length === 0) return result;
  }
  throw new Error('it never ends');
}

test('one host, then half, then everyone, each after its bake, and a bake at the end', () => {
  const fleet = new Fleet(start(), hosts(8));
  const sizes: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    settle(fleet);
    sizes.push(exposed(fleet).length);
    for (const i of exposed(fleet)) fleet.report(i, true);
    settle(fleet);
    assert.equal(exposed(fleet).length, sizes.at(-1), 'nobody more while they bake');
    fleet.now += 299_000;
    for (const i of exposed(fleet)) fleet.report(i, true);
    settle(fleet);
    assert.equal(exposed(fleet).length, sizes.at(-1), 'nobody more before the bake has ended');
    assert.equal(fleet.deployment.state, 'running');
    fleet.now += 1000;
  }
  assert.deepEqual(sizes, [1, 4, 8]);
  fleet.step();
  assert.equal(fleet.deployment.state, 'succeeded');
  assert.match(fleet.deployment.reason ?? '', /8 hosts run it and have stayed healthy/);
});

test('a host that fails after it had been healthy, within its bake, counts', () => {
  const fleet = new Fleet(start({ maxUnavailable: 1 }), hosts(8));
  settle(fleet);
  const [first = -1] = exposed(fleet);
  fleet.report(first, true);
  settle(fleet);
  fleet.now += MINUTE;
  fleet.report(first, false);
  fleet.step();
  assert.equal(fleet.deployment.state, 'failed');
  assert.equal(exposed(fleet).length, 1);
});

test('silence after updating, and silence within the bake, count as failure', () => {
  for (const before of ['updating', 'baking']) {
    const fleet = new Fleet(start({ maxUnavailable: 1, bakeSeconds: 7200 }), hosts(8));
    settle(fleet);
    const [first = -1] = exposed(fleet);
    if (before === 'baking') fleet.report(first, true);
    settle(fleet);
    fleet.now += 31 * MINUTE;
    for (const i of fleet.hosts.keys()) if (i !== first) fleet.report(i, true);
    fleet.step();
    assert.equal(fleet.deployment.state, 'failed', before);
  }
});

test('it counts as well only once its silence would have been noticed, and is awaited until then', () => {
  const fleet = new Fleet(start({ steps: [2, '50%'], onNoData: 'wait' }), hosts(8));
  settle(fleet);
  const [first = -1, second = -1] = exposed(fleet);
  fleet.report(first, true);
  settle(fleet);
  const known = () => {
    const { exposed: arm, atRisk } = fleet.deployment.canary?.failures ?? assert.fail();
    return { ok: arm.ok, silent: arm.silent, atRisk: atRisk['']?.exposed };
  };
  fleet.now += 30 * MINUTE;
  for (const i of fleet.hosts.keys()) if (i !== second) fleet.report(i, true);
  settle(fleet);
  assert.deepEqual(known(), { ok: 0, silent: 0, atRisk: 2 }, 'baked, and beside one that may be silent');
  fleet.now += 1;
  settle(fleet);
  assert.deepEqual(known(), { ok: 0, silent: 1, atRisk: 1 });
  fleet.now += 5 * MINUTE - 1;
  settle(fleet);
  assert.deepEqual(known(), { ok: 1, silent: 1, atRisk: 0 });
});

test('a failure that recovers stays counted, and its bake begins again', () => {
  const fleet = new Fleet(start({ steps: ['50%'], maxFailed: 5 }), hosts(8));
  settle(fleet);
  const [first = -1] = exposed(fleet);
  fleet.report(first, false);
  settle(fleet);
  assert.equal(fleet.hosts[first]?.doneAt ?? null, null);
  fleet.now += MINUTE;
  for (const i of exposed(fleet)) fleet.report(i, true);
  settle(fleet);
  assert.equal(fleet.hosts[first]?.doneAt, fleet.now);
  assert.notEqual(fleet.hosts[first]?.failedAt, null);
  assert.equal(fleet.deployment.canary?.failures.exposed.failed, 1);
});

test('more failures than among the others at the same time fail it; as many as among them do not', () => {
  for (const isRelease of [true, false]) {
    const fleet = new Fleet(start({ steps: ['20%'], maxFailed: '100%' }), hosts(200));
    settle(fleet);
    const admitted = new Set(exposed(fleet));
    const controls = [...fleet.hosts.keys()].filter((i) => !admitted.has(i));
    for (const i of [...admitted].slice(0, 8)) {
      fleet.report(i, false);
      if (isRelease) continue;
      // As many of the controls, by share: four for each.
      for (const control of controls.splice(0, 4)) breakOld(fleet, control);
    }
    fleet.step();
    assert.equal(fleet.deployment.state, isRelease ? 'failed' : 'running');
    if (isRelease)
      assert.match(fleet.deployment.reason ?? '', /8 hosts of 40 exposed failed.*0 of 200 while/);
  }
});

test('too little to judge by asks, is never passed by itself, and goes on when a person says so', () => {
  const fleet = new Fleet(start({ minimumExposure: 3 }), hosts(8));
  settle(fleet);
  for (const i of exposed(fleet)) fleet.report(i, true);
  settle(fleet);
  fleet.now += 5 * MINUTE;
  const { verdict } = fleet.step();
  assert.equal(verdict, 'no data');
  assert.equal(fleet.deployment.state, 'paused');
  assert.match(
    fleet.deployment.reason ?? '',
    /No data: 3 hosts must have baked and 1 has.*deployment resume/,
  );
  assert.equal(isAsking(fleet.deployment), true);
  fleet.deployment = resumed(JSON.parse(JSON.stringify(fleet.deployment)) as Deployment);
  const pausedByAPerson = { ...fleet.deployment, state: 'paused' } as const;
  assert.deepEqual([isAsking(fleet.deployment), isAsking(pausedByAPerson)], [false, false]);
  settle(fleet);
  assert.equal(exposed(fleet).length, 4);
  assert.equal(fleet.deployment.canary?.asked, undefined, 'for that step alone');

  const waiting = new Fleet(start({ minimumExposure: 3, onNoData: 'wait' }), hosts(8));
  settle(waiting);
  for (const i of exposed(waiting)) waiting.report(i, true);
  settle(waiting);
  waiting.now += 60 * MINUTE;
  for (const i of waiting.hosts.keys()) waiting.report(i, true);
  assert.match(settle(waiting).reason, /No data: 3 hosts must have baked/);
  assert.equal(waiting.deployment.state, 'running');
});

test('one of two failed is no pass: a person is asked', () => {
  const fleet = new Fleet(start({ steps: [2], maxFailed: 3 }), hosts(8));
  settle(fleet);
  const [first = -1, second = -1] = exposed(fleet);
  fleet.report(first, false);
  fleet.report(second, true);
  settle(fleet);
  fleet.now += 5 * MINUTE;
  fleet.report(second, true);
  settle(fleet);
  assert.equal(fleet.deployment.state, 'paused');
  assert.match(fleet.deployment.reason ?? '', /1 of 2 exposed failed/);
});

test('all hosts away: nobody is exposed, and after the bake it asks', () => {
  const fleet = new Fleet(
    start(),
    hosts(4).map((one) => ({ ...one, lastReport: 0, lastSeen: 0 })),
  );
  settle(fleet);
  assert.deepEqual(exposed(fleet), []);
  fleet.now += 5 * MINUTE;
  fleet.step();
  assert.equal(fleet.deployment.state, 'paused');
});

test('nobody waits for the bake of a host that has fallen offline in it: a person is asked', () => {
  const fleet = new Fleet(start({ steps: [2], maxFailed: 3, bakeSeconds: 1800 }), hosts(8));
  settle(fleet);
  const [well = -1, gone = -1] = exposed(fleet);
  for (const i of [well, gone]) fleet.report(i, true);
  settle(fleet);
  for (const minutes of [8, 11, 11]) {
    fleet.now += minutes * MINUTE;
    for (const i of fleet.hosts.keys()) if (i !== gone) fleet.report(i, true);
    settle(fleet);
  }
  assert.equal(fleet.deployment.state, 'paused');
  assert.match(fleet.deployment.reason ?? '', /1 of 2 exposed failed or fell silent/);
  assert.equal(fleet.hosts[well]?.failedAt ?? null, null);
});

test('who promised a report at the end of its bake has baked with it, and has fallen silent without it', () => {
  const promising = (fleet: Fleet, i: number): void => {
    fleet.report(i, true);
    fleet.hosts[i] = { ...(fleet.hosts[i] ?? assert.fail()), promised: true };
    settle(fleet);
  };
  const fleet = new Fleet(start({ steps: [2], maxFailed: 3, bakeSeconds: 60 }), hosts(8));
  settle(fleet);
  const [kept = -1, broken = -1] = exposed(fleet);
  for (const i of [kept, broken]) promising(fleet, i);
  fleet.now += MINUTE;
  fleet.report(kept, true);
  fleet.hosts[kept] = { ...(fleet.hosts[kept] ?? assert.fail()), promised: undefined } as never;
  assert.match(settle(fleet).reason, /1 of 2 exposed baked, 1 baking/);
  const sees = (): void => {
    for (const i of fleet.hosts.keys()) if (i !== broken) fleet.report(i, true);
    // A relay says that it lives; only its own report says that it is well.
    fleet.hosts[broken] = { ...(fleet.hosts[broken] ?? assert.fail()), lastSeen: fleet.now };
    settle(fleet);
  };
  fleet.now += policy.silentAfterMs;
  sees();
  assert.equal(fleet.hosts[broken]?.failedAt ?? null, null, 'it may still come');
  fleet.now += 1;
  sees();
  assert.equal(fleet.hosts[broken]?.failedAt, fleet.now);
  assert.match(fleet.deployment.reason ?? '', /1 of 2 exposed failed or fell silent/);
  assert.equal(fleet.deployment.canary?.failures.exposed.silent, 1);
});

test('a clock that goes back begins a bake again, and never shortens it', () => {
  const fleet = new Fleet(start(), hosts(4));
  settle(fleet);
  const [first = -1] = exposed(fleet);
  fleet.report(first, true);
  settle(fleet);
  fleet.now -= 60 * MINUTE;
  settle(fleet);
  assert.equal(fleet.hosts[first]?.doneAt, fleet.now);
  fleet.now += 299_000;
  settle(fleet);
  assert.equal(exposed(fleet).length, 1);
});

test('with a label each of its values has its own step', () => {
  const sites = ['muc', 'ber', 'ham'];
  const fleet = new Fleet(
    start({ per: 'site', steps: [1, '50%'], maxUnavailable: 1 }),
    hosts(24).map((one, i) => ({ ...one, stratum: sites[i % 3] ?? null })),
  );
  settle(fleet);
  const perSite = () =>
    sites.map((site) => exposed(fleet).filter((i) => fleet.hosts[i]?.stratum === site).length);
  assert.deepEqual(perSite(), [1, 1, 1]);
  assert.deepEqual(Object.keys(fleet.deployment.strata ?? {}), [...sites].sort());
});

test('what runs the old release and is broken is no control, and no exposed host either', () => {
  const fleet = new Fleet(start({ steps: ['50%'] }), hosts(4));
  for (const i of fleet.hosts.keys()) breakOld(fleet, i);
  settle(fleet);
  assert.equal(exposed(fleet).length, 2);
  const { control, exposed: arm } = fleet.deployment.canary?.failures ?? assert.fail();
  assert.deepEqual([control.entered, arm.entered], [0, 0]);
});

test('the same again decides nothing', () => {
  const fleet = new Fleet(start(), hosts(8));
  settle(fleet);
  assert.deepEqual(fleet.step().decisions, []);
});

test('while it is paused failures count, also such that pass, but nobody is admitted and nothing ends', () => {
  const fleet = new Fleet(start({ steps: [2, '50%'], maxFailed: 0 }), hosts(8));
  settle(fleet);
  const [first = -1, second = -1] = exposed(fleet);
  fleet.deployment = { ...fleet.deployment, state: 'paused', reason: 'paused by anna.' };
  fleet.report(first, false);
  assert.equal(settle(fleet).reason, 'paused by anna.');
  fleet.now += MINUTE;
  fleet.report(first, true);
  fleet.report(second, true);
  settle(fleet);
  fleet.now += 10 * MINUTE;
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  settle(fleet);
  assert.deepEqual(exposed(fleet), [first, second]);
  assert.equal(fleet.deployment.state, 'paused');
  assert.equal(fleet.deployment.canary?.failures.exposed.failed, 1);
  assert.equal(fleet.hosts[second]?.doneAt, fleet.now - 10 * MINUTE, 'its bake goes on');
  fleet.deployment = resumed(fleet.deployment);
  fleet.step();
  assert.equal(fleet.deployment.state, 'failed');
  assert.match(fleet.deployment.reason ?? '', /1 host of 2 exposed failed or fell silent; at most 0 may/);
});

test('what is paused before it began learns nothing yet', () => {
  const paused = { ...start(), state: 'paused' as const };
  const fleet = new Fleet(paused, hosts(8));
  assert.deepEqual(fleet.step().decisions, []);
  fleet.deployment = resumed(fleet.deployment);
  settle(fleet);
  assert.equal(exposed(fleet).length, 1);
});

function breakOld(fleet: Fleet, index: number): void {
  fleet.hosts = fleet.hosts.map((one, i) =>
    i === index
      ? { ...one, lastReport: fleet.now, lastSeen: fleet.now, reported: [runs(oldPackage, false)] }
      : one,
  );
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyone } from '../direction/cohort.ts';
import { advance } from './advance.ts';
import {
  deployment,
  digest,
  Fleet,
  host,
  hosts,
  newPackage,
  oldPackage,
  policy,
  type Reported,
  rolling,
  runs,
  START,
} from './fleet.test-data.ts';
import { heldPins, keptPins, noPackage } from './pins.ts';
import { hostCount, standingOf } from './standing.ts';

test('all at once admits all, and has succeeded when all have reported it healthy', () => {
  const fleet = new Fleet(deployment('deploy', { kind: 'all-at-once' }), hosts(5));
  assert.deepEqual(
    fleet.step().decisions.map(({ kind }) => kind),
    ['threshold', 'admit'],
  );
  assert.equal(fleet.deployment.threshold, everyone);
  for (let i = 0; i < 4; i += 1) fleet.report(i, true);
  assert.equal(fleet.step().verdict, 'inconclusive');
  fleet.report(4, true);
  assert.deepEqual(fleet.step().decisions, [
    { kind: 'end', state: 'succeeded', reason: '5 hosts run it and are healthy, as reported.' },
  ]);
  assert.equal(fleet.deployment.state, 'succeeded');
});

test('all at once with a failure fails once nothing is under way any more', () => {
  const fleet = new Fleet(deployment('deploy', { kind: 'all-at-once' }), hosts(3));
  fleet.step();
  fleet.report(0, false);
  fleet.report(1, true);
  assert.equal(fleet.step().decisions.length, 0);
  fleet.report(2, true);
  assert.deepEqual(fleet.step().decisions, [{ kind: 'end', state: 'failed', reason: '1 host of 3 failed.' }]);
});

test('what had failed before its turn came says nothing about an undeploy', () => {
  const undeploy = deployment('undeploy', { kind: 'all-at-once' });
  const broken = [{ component: 'api', package: oldPackage, state: 'failed' as const, healthy: false }];
  const admitted = host(1, { admittedAt: START + 1, reported: broken });
  assert.equal(standingOf(undeploy, admitted, START + 2, policy), 'updating');
  const since = { ...admitted, lastReport: START + 2 };
  assert.equal(standingOf(undeploy, since, START + 3, policy), 'failed');
});

test('10 % of five hosts is one host', () => {
  assert.equal(hostCount('10%', 5), 1);
  assert.equal(hostCount('10%', 25), 2);
  assert.equal(hostCount(3, 5), 3);
  const fleet = new Fleet(deployment('deploy', rolling('10%')), hosts(5));
  fleet.step();
  assert.equal(fleet.unavailable(), 1);
  assert.equal(fleet.step().decisions.length, 0, 'nobody more before the first is done');
});

test('no host at all is no data, which never passes', () => {
  const { verdict, decisions } = advance(
    deployment('deploy', rolling(1)),
    [host(1, { components: [] })],
    START,
    policy,
  );
  assert.deepEqual({ verdict, decisions }, { verdict: 'no data', decisions: [] });
});

test('a refused package, a failed component and an unhealthy one are failures; what is unknown is not', () => {
  const running = { ...deployment('deploy', rolling(1)), threshold: everyone };
  const standing = (reported: Reported[]) =>
    standingOf(running, host(1, { admittedAt: START - 1, reported }), START, policy);
  assert.equal(
    standing([
      { ...runs(oldPackage), refused: { package: newPackage, code: 'E_HEALTH_FAILED', message: '' } },
    ]),
    'failed',
  );
  assert.equal(
    standing([
      { ...runs(oldPackage), refused: { package: digest('x'), code: 'E_HEALTH_FAILED', message: '' } },
    ]),
    'updating',
  );
  assert.equal(standing([{ ...runs(newPackage), state: 'failed' }]), 'failed');
  assert.equal(standing([runs(newPackage, false)]), 'failed');
  // On trial: started, and not yet seen to be healthy.
  assert.equal(standing([runs(newPackage, null)]), 'updating');
  assert.equal(standing([{ ...runs(newPackage, null), state: 'installed' }]), 'done');
  assert.equal(standing([runs(newPackage, true)]), 'done');
  assert.equal(standing([{ ...runs(newPackage), state: 'stopped' }]), 'updating');
  assert.equal(standing([]), 'updating');
});

test('a failure beyond the limit stops a rolling deployment, and it stays stopped', () => {
  const fleet = new Fleet(deployment('deploy', rolling(1)), hosts(10));
  fleet.step();
  const first = fleet.hosts.findIndex(({ admittedAt }) => admittedAt !== null);
  fleet.report(first, false);
  const { decisions, verdict } = fleet.step();
  assert.equal(verdict, 'fail');
  assert.deepEqual(
    decisions.map(({ kind }) => kind),
    ['end'],
  );
  const { threshold } = fleet.deployment;
  fleet.report(first, true);
  assert.deepEqual(fleet.step().decisions, []);
  assert.equal(fleet.deployment.threshold, threshold);
});

test('failures within the limit keep their place, and the rest goes on', () => {
  const fleet = new Fleet(
    deployment('deploy', { kind: 'rolling', maxUnavailable: 2, maxFailed: 5 }),
    hosts(6),
  );
  fleet.step();
  const [first = -1] = fleet.hosts.flatMap(({ admittedAt }, i) => (admittedAt === null ? [] : [i]));
  fleet.report(first, false);
  for (let round = 0; round < 20; round += 1) {
    fleet.step();
    for (const [i] of fleet.hosts.entries()) if (i !== first) fleet.report(i, true);
  }
  assert.deepEqual(
    { ...fleet.step().progress },
    {
      eligible: 6,
      admitted: 6,
      waiting: 0,
      updating: 0,
      keptBack: 0,
      done: 5,
      failed: 1,
      silent: 0,
      offline: 0,
      maxUnavailable: 2,
    },
  );
});

test('a host that goes silent after it was admitted keeps its place', () => {
  const fleet = new Fleet(deployment('deploy', rolling(1)), hosts(3));
  fleet.step();
  const silent = fleet.hosts.findIndex(({ admittedAt }) => admittedAt !== null);
  fleet.now += policy.silentAfterMs + 1;
  for (const [i] of fleet.hosts.entries()) if (i !== silent) fleet.report(i, true);
  const { progress, decisions, reason } = fleet.step();
  assert.equal(progress.silent, 1);
  assert.deepEqual(decisions, []);
  assert.match(reason, /1 silent since they were admitted.*at most 1 may be unavailable/);
});

test('a host that waits for its window keeps its place, and is not silent between its regular reports', () => {
  const fleet = new Fleet(
    deployment('deploy', rolling(1)),
    hosts(3).map((one) => ({ ...one, keptBack: true })),
  );
  fleet.step();
  const waits = { offlineAfterMs: 3 * policy.silentAfterMs, silentAfterMs: policy.silentAfterMs };
  const at = (afterMs: number) => advance(fleet.deployment, fleet.hosts, START + afterMs, waits);
  const { progress, reason } = at(2 * policy.silentAfterMs);
  assert.deepEqual([progress.updating, progress.keptBack, progress.silent], [1, 1, 0]);
  assert.match(reason, /0 of 3 done, 1 not before their window.*2 waiting.*at most 1 may be unavailable/);
  assert.equal(at(waits.offlineAfterMs + 1).progress.silent, 1);
});

test('hosts that were offline before their turn block nobody, are shown, and take their turn when they return', () => {
  const away = new Set([0, 2]);
  const fleet = new Fleet(
    deployment('deploy', rolling(1)),
    hosts(4).map((one, i) =>
      away.has(i) ? { ...one, lastReport: START - 3_600_000, lastSeen: START - 3_600_000 } : one,
    ),
  );
  for (let round = 0; round < 10; round += 1) {
    fleet.step();
    for (const i of [1, 3]) fleet.report(i, true);
  }
  const { progress, reason } = fleet.step();
  assert.equal(progress.done, 2);
  assert.equal(progress.offline, 2);
  assert.match(reason, /2 of 4 done, 2 offline, held until they return/);
  assert.ok(fleet.hosts.filter((_, i) => away.has(i)).every(({ held }) => held));
  for (const i of away) fleet.report(i, true);
  fleet.step();
  assert.equal(fleet.hosts.filter(({ held }) => held).length, 1, 'one after the other');
  for (let round = 0; round < 5; round += 1) {
    for (const i of away) fleet.report(i, true);
    fleet.step();
  }
  assert.equal(fleet.deployment.state, 'succeeded');
});

test('all at once takes hosts that were offline before for waiting, not for failed', () => {
  const fleet = new Fleet(deployment('deploy', { kind: 'all-at-once' }), [
    host(0),
    host(1, { lastReport: START - 3_600_000, lastSeen: null }),
  ]);
  fleet.step();
  fleet.report(0, true);
  fleet.now += 3 * policy.silentAfterMs;
  assert.deepEqual([fleet.step().progress.waiting, fleet.deployment.state], [1, 'running']);
});

test('paused and ended deployments decide nothing', () => {
  for (const state of ['paused', 'failed', 'aborted', 'superseded', 'succeeded'] as const) {
    assert.deepEqual(
      advance({ ...deployment('deploy', rolling(1)), state }, hosts(3), START, policy).decisions,
      [],
    );
  }
});

test('a held host is pinned to what it runs, or left as it is', () => {
  const running = deployment('deploy', rolling(1));
  assert.deepEqual(heldPins(running, host(1)), { api: oldPackage });
  assert.deepEqual(heldPins(running, host(1, { reported: [] })), { api: noPackage });
  assert.deepEqual(heldPins(running, host(1, { reported: [runs(digest('unknown'))] })), { api: noPackage });
});

test('a relabelled host keeps what it was given while a deployment of that product runs', () => {
  const given = (component: string, product: string) =>
    ({ component, product, package: digest(component) }) as never;
  const before = [given('api', 'shop'), given('web', 'shop'), given('blog', 'press')];
  assert.deepEqual(keptPins(before, [given('web', 'shop')], new Set(['shop'])), { api: digest('api') });
});

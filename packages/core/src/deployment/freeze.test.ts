import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyone, nobody } from '../direction/cohort.ts';
import { advance } from './advance.ts';
import { applyDecisions, marking } from './apply.ts';
import type { Decision, Deployment, HostEvidence, Strategy } from './deployment.ts';
import type { Figures } from './figures.ts';
import {
  deployment,
  Fleet,
  host,
  hosts,
  newPackage,
  policy,
  rolling,
  runs,
  START,
} from './fleet.test-data.ts';
import { afterRecord, nothingRecorded, recordOf, recordText, replayed } from './record.ts';

const frozen = 'default/live was frozen by eve: The fair is on.';
const heeding = { ...policy, frozen };
const canary: Strategy = {
  kind: 'canary',
  steps: [1, 2],
  bakeSeconds: 0,
  minimumExposure: 1,
  maxUnavailable: 2,
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'wait',
};
const kinds = (decisions: readonly Decision[]) => decisions.map(({ kind }) => kind);
/** Who was admitted, after the decisions of a look without a freeze. */
function begun(start: Deployment, members: readonly HostEvidence[]) {
  const { decisions } = advance(start, members, START, policy);
  return {
    running: applyDecisions(start, decisions),
    members: members.map(marking(decisions, START)),
  };
}
const reporting = (members: readonly HostEvidence[], healthy: boolean): HostEvidence[] =>
  members.map((one) =>
    one.admittedAt === null ? one : { ...one, lastReport: START + 1, reported: [runs(newPackage, healthy)] },
  );

test('a freeze admits nobody, moves no threshold and passes no step, says so, and what waited goes on after it', () => {
  for (const strategy of [rolling(1), canary, { kind: 'all-at-once' } as const]) {
    const start = deployment('deploy', strategy);
    const before = advance(start, hosts(4), START, heeding);
    assert.deepEqual([before.decisions, before.reason.startsWith(frozen)], [[], true]);

    if (strategy.kind === 'all-at-once') continue;
    const { running, members } = begun(start, hosts(4));
    let next = { running, members: reporting(members, true) };
    for (let round = 1; round < 4; round += 1) {
      const now = START + round;
      const { decisions, reason } = advance(next.running, next.members, now, heeding);
      assert.ok(reason.startsWith(frozen));
      const after = applyDecisions(next.running, decisions);
      assert.equal(after.threshold, running.threshold);
      assert.equal(after.canary?.step, running.canary?.step);
      next = { running: after, members: next.members.map(marking(decisions, now)) };
    }
    const admitted = next.members.filter(({ admittedAt }) => admittedAt !== null);
    assert.equal(admitted.length, 1);
    if (strategy.kind === 'canary') assert.notEqual(admitted[0]?.doneAt ?? null, null, 'marks are made');
    for (let round = 4; round < 8; round += 1) {
      const { decisions } = advance(next.running, next.members, START + round, policy);
      next = {
        running: applyDecisions(next.running, decisions),
        members: next.members.map(marking(decisions, START + round)),
      };
    }
    assert.ok(next.members.filter(({ admittedAt }) => admittedAt !== null).length > 1);
  }
});

test('a deployment that is frozen ends by its evidence, and who comes within its threshold keeps what it runs', () => {
  const { running, members } = begun(deployment('deploy', rolling(1)), hosts(2));
  const failed = advance(running, reporting(members, false), START + 1, heeding);
  assert.deepEqual([failed.verdict, kinds(failed.decisions)], ['fail', ['end']]);
  const done = hosts(2).map((one) => ({ ...one, admittedAt: START, reported: [runs(newPackage)] }));
  assert.deepEqual(kinds(advance(running, done, START + 1, heeding).decisions), ['end']);

  for (const kind of ['deploy', 'undeploy'] as const) {
    const all = { ...deployment(kind, rolling(1)), threshold: kind === 'deploy' ? everyone : nobody };
    const joined = [host(1, { admittedAt: START }), host(2)];
    const { decisions } = advance(all, joined, START + 1, heeding);
    assert.deepEqual(decisions, [{ kind: 'hold', hosts: [host(2).id] }]);
    const held = joined.map(marking(decisions, START + 1));
    assert.deepEqual(advance(all, held, START + 2, heeding).decisions, [], 'once');
  }
});

test('a canary that waits for figures admits nobody while frozen, and asks for them all the same', () => {
  const metrics = [{ name: 'errors', test: { kind: 'limit', share: 0.02 } as const }];
  const fleet = new Fleet(deployment('deploy', { ...canary, metrics }), hosts(8));
  fleet.step();
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  fleet.step();
  const look = (figures?: Figures) => advance(fleet.deployment, fleet.hosts, fleet.now, heeding, figures);
  const { decisions, wants, reason } = look();
  assert.deepEqual(decisions, []);
  assert.match(reason, /The fair is on\..* Waits for figures\.$/);
  if (wants === undefined) assert.fail('it wants no figures');
  const figures = (bad: number): Figures => ({
    step: wants.step,
    metrics: { errors: { hosts: fleet.hosts.map(({ id }) => ({ host: id, bad, all: 1000 })) } },
  });
  const good = look(figures(0));
  assert.deepEqual(kinds(good.decisions), ['canary']);
  const measured = applyDecisions(fleet.deployment, good.decisions);
  assert.deepEqual([measured.canary?.step, measured.canary?.measured], [0, 0]);
  fleet.deployment = measured;
  fleet.hosts = fleet.hosts.map(marking(good.decisions, fleet.now));
  assert.equal(look().wants, undefined, 'they are had');
  assert.deepEqual(look().decisions, []);
  fleet.step();
  assert.equal(fleet.deployment.canary?.step, 1, 'after the freeze');
});

test('a rollback is not frozen, and what is urgent is not if it says why', () => {
  const admits = (more: Partial<Deployment>): boolean =>
    kinds(
      advance({ ...deployment('deploy', rolling(1)), ...more }, hosts(2), START, heeding).decisions,
    ).includes('admit');
  assert.ok(admits({ kind: 'rollback' }));
  assert.ok(admits({ urgent: true, why: 'A hole is open.' }));
  assert.ok(!admits({ urgent: true }));
  assert.ok(!admits({ why: 'A hole is open.' }));
  assert.ok(!admits({ kind: 'undeploy', threshold: everyone }));
});

test('what was decided under a freeze is decided again by its record, and not without the freeze', () => {
  const { running, members } = begun(deployment('deploy', canary), hosts(4));
  const evidence = reporting(members, true);
  const first = recordOf(nothingRecorded, deployment('deploy', canary), hosts(4), START, policy, {
    ...advance(deployment('deploy', canary), hosts(4), START, policy),
  });
  assert.equal(typeof replayed(nothingRecorded, recordText(first)), 'object', 'as before there were freezes');
  const said = advance(running, evidence, START + 1, heeding);
  assert.ok(said.decisions.length > 0);
  const record = recordOf(afterRecord(nothingRecorded, first), running, evidence, START + 1, heeding, said);
  const before = afterRecord(nothingRecorded, first);
  assert.equal(typeof replayed(before, recordText(record)), 'object');
  const unfrozen = replayed(before, recordText({ ...record, policy }));
  if (typeof unfrozen !== 'string') assert.fail('it is decided the same without the freeze');
  assert.match(unfrozen, /decided again it is/);
});

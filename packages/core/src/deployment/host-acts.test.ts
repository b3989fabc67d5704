import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance } from './advance.ts';
import { applyDecisions } from './apply.ts';
import type { CanaryStrategy, HostEvidence, Strategy } from './deployment.ts';
import { deployment, Fleet, hosts, MINUTE, newPackage, oldPackage, policy, runs } from './fleet.test-data.ts';
import { countsAsFailed, mayAct, refusedIn } from './host-acts.ts';
import { afterRecord, evidenceFor, nothingRecorded, recordOf, recordText, replayed } from './record.ts';

const canary: CanaryStrategy = {
  kind: 'canary',
  steps: [4],
  bakeSeconds: 60,
  minimumExposure: 1,
  maxUnavailable: '100%',
  maxFailed: 1,
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'wait',
};
const admitted = (fleet: Fleet): number[] =>
  fleet.hosts.flatMap(({ admittedAt, held }, i) => (admittedAt !== null && !held ? [i] : []));

/** Until nothing more follows from what is known. */
function settle(fleet: Fleet) {
  for (let round = 0; round < 20; round += 1) {
    const result = fleet.step();
    if (result.decisions.length === 0) return result;
  }
  throw new Error('it never ends');
}

function change(fleet: Fleet, index: number, more: (one: HostEvidence) => Partial<HostEvidence>): void {
  fleet.hosts = fleet.hosts.map((one, i) => (i === index ? { ...one, ...more(one) } : one));
}

/** What the root server marks when a person skips it. */
function skip(fleet: Fleet, index: number): void {
  change(fleet, index, (one) => ({
    skipped: true,
    held: true,
    ...(countsAsFailed(fleet.deployment, one, fleet.now, policy) ? { failedAt: fleet.now } : {}),
  }));
}

function unskipped(one: HostEvidence): HostEvidence {
  const { skipped, ...rest } = one;
  assert.equal(skipped, true);
  return rest;
}

function start(strategy: Strategy, count: number): Fleet {
  const fleet = new Fleet(deployment('deploy', strategy), hosts(count));
  settle(fleet);
  return fleet;
}

test('who is skipped is not waited for: the others are the whole', () => {
  for (const kind of ['waiting', 'updating'] as const) {
    const fleet = start({ kind: 'rolling', maxUnavailable: 1 }, 3);
    const [first = -1] = admitted(fleet);
    const skipped = kind === 'updating' ? first : [0, 1, 2].find((i) => i !== first);
    skip(fleet, skipped ?? -1);
    for (let round = 0; round < 3; round += 1) {
      for (const i of admitted(fleet)) fleet.report(i, true);
      settle(fleet);
    }
    assert.equal(fleet.deployment.state, 'succeeded', kind);
    assert.equal(fleet.deployment.reason, '2 hosts run it and are healthy, as reported; 1 skipped.');
    assert.equal(fleet.hosts[skipped ?? -1]?.reported[0]?.package, oldPackage);
  }
});

test('who is skipped is no longer unavailable: the next may come', () => {
  const fleet = start({ kind: 'rolling', maxUnavailable: 1 }, 3);
  const [first = -1] = admitted(fleet);
  skip(fleet, first);
  const { progress } = settle(fleet);
  assert.equal(admitted(fleet).length, 1);
  assert.ok(!admitted(fleet).includes(first));
  assert.deepEqual([progress.eligible, progress.skipped, progress.skippedFailed], [2, 1, undefined]);
});

test('what had failed before it was skipped, or let try again, counts against the limit', () => {
  for (const act of ['skip', 'retry'] as const) {
    const fleet = start({ kind: 'rolling', maxUnavailable: 3, maxFailed: 1 }, 8);
    const [first = -1] = admitted(fleet);
    fleet.report(first, false);
    assert.equal(settle(fleet).verdict, 'inconclusive', 'one may');
    if (act === 'skip') skip(fleet, first);
    else change(fleet, first, () => ({ failedAt: fleet.now, reported: [runs(oldPackage)] }));
    settle(fleet);
    const second = admitted(fleet).find((i) => i !== first) ?? -1;
    fleet.report(second, false);
    fleet.step();
    assert.equal(fleet.deployment.state, 'failed', act);
    assert.match(fleet.deployment.reason ?? '', /2 hosts of 8 failed; at most 1 may/);
  }
});

test('a canary keeps the failure of who is skipped, and takes another in its place', () => {
  const fleet = start(canary, 12);
  const [first = -1, second = -1] = admitted(fleet);
  fleet.report(first, false);
  // Before its failure was looked at.
  skip(fleet, first);
  settle(fleet);
  const { exposed } = fleet.deployment.canary?.failures ?? assert.fail();
  assert.equal(exposed.failed, 1);
  assert.equal(admitted(fleet).length, 4, 'of those that are left');
  fleet.report(second, false);
  fleet.step();
  assert.equal(fleet.deployment.state, 'failed');
  assert.match(fleet.deployment.reason ?? '', /^2 hosts of 5 exposed failed/);
});

test('a canary counts neither an exposed host nor a control from when it is skipped on', () => {
  const fleet = start(canary, 12);
  const [first = -1] = admitted(fleet);
  const control = fleet.hosts.findIndex(({ watched }) => watched?.as === 'control');
  skip(fleet, first);
  skip(fleet, control);
  settle(fleet);
  change(fleet, first, () => ({ reported: [runs(newPackage, false)] }));
  change(fleet, control, () => ({ reported: [runs(oldPackage, false)] }));
  fleet.now += MINUTE;
  settle(fleet);
  const { failures } = fleet.deployment.canary ?? assert.fail();
  assert.deepEqual([failures.exposed.failed, failures.control.failed], [0, 0]);
  assert.equal(fleet.deployment.state, 'running');
});

test('a skipped host that is taken in again waits for its turn', () => {
  const fleet = start({ kind: 'rolling', maxUnavailable: 1 }, 3);
  const [first = -1] = admitted(fleet);
  skip(fleet, first);
  settle(fleet);
  fleet.hosts = fleet.hosts.map((one) => (one.skipped === true ? unskipped(one) : one));
  settle(fleet);
  assert.ok(!admitted(fleet).includes(first), 'another is under way');
  for (let round = 0; round < 4; round += 1) {
    for (const i of admitted(fleet)) fleet.report(i, true);
    settle(fleet);
  }
  assert.equal(fleet.deployment.reason, '3 hosts run it and are healthy, as reported.');
});

test('a record with a host that was skipped decides the same again', () => {
  const fleet = start(canary, 6);
  let recorded = nothingRecorded;
  const documents: string[] = [];
  const record = (): void => {
    const evidence = evidenceFor(fleet.deployment, fleet.hosts);
    const said = advance(fleet.deployment, evidence, fleet.now, policy);
    const one = recordOf(recorded, fleet.deployment, evidence, fleet.now, policy, said);
    recorded = afterRecord(recorded, one);
    documents.push(recordText(one));
    assert.deepEqual(applyDecisions(fleet.deployment, said.decisions).decided, one.number);
    fleet.step();
  };
  fleet.deployment = { ...fleet.deployment, decided: 0 };
  const [first = -1] = admitted(fleet);
  fleet.report(first, false);
  record();
  skip(fleet, first);
  fleet.deployment = { ...fleet.deployment, hostActs: 1 };
  for (const i of admitted(fleet)) fleet.report(i, true);
  record();
  let again = nothingRecorded;
  for (const document of documents) {
    const result = replayed(again, document);
    if (typeof result === 'string') throw new Error(result);
    again = result.after;
  }
  assert.match(documents[1] ?? '', /"skipped":true/);
  assert.match(documents[1] ?? '', /"hostActs":1/);
});

test('what a person may say in which state, and what was refused', () => {
  const of = (state: 'running' | 'paused' | 'succeeded' | 'failed') =>
    (['skip', 'unskip', 'retry'] as const).filter((act) => mayAct(act, { state }));
  assert.deepEqual(of('running'), ['skip', 'unskip', 'retry']);
  assert.deepEqual(of('paused'), ['skip', 'unskip', 'retry']);
  assert.deepEqual(of('succeeded'), ['unskip']);
  assert.deepEqual(of('failed'), []);
  const refusing = (digest: typeof newPackage) => {
    const refused = { package: digest, code: 'E_HEALTH_FAILED', message: 'answered 500' };
    return [...hosts(1)].map((one) => ({ ...one, reported: [{ ...runs(oldPackage), refused }] }));
  };
  const running = deployment('deploy', { kind: 'all-at-once' });
  const [own] = refusing(newPackage);
  const [other] = refusing(oldPackage);
  assert.deepEqual([...refusedIn(running, own ?? assert.fail())], [['api', 'E_HEALTH_FAILED']]);
  assert.equal(refusedIn(running, other ?? assert.fail()).size, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance } from './advance.ts';
import { resumed } from './apply.ts';
import type { CanaryStrategy } from './deployment.ts';
import type { Figures, FiguresWanted } from './figures.ts';
import { deployment, Fleet, hosts, policy } from './fleet.test-data.ts';
import { afterRecord, nothingRecorded, recordOf, recordText, replayed } from './record.ts';

const canary = (more: Partial<CanaryStrategy> = {}): CanaryStrategy => ({
  kind: 'canary',
  steps: [2, '50%'],
  bakeSeconds: 300,
  minimumExposure: 1,
  maxUnavailable: '100%',
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'ask',
  metrics: [{ name: 'errors', test: { kind: 'limit', share: 0.02 } }],
  ...more,
});
const isExposed = ({ admittedAt, held }: Fleet['hosts'][number]): boolean => admittedAt !== null && !held;

/** A canary whose step has baked: all that is left is what it is judged by. */
function baked(more: Partial<CanaryStrategy> = {}, count = 16): Fleet {
  const fleet = new Fleet(deployment('deploy', canary(more)), hosts(count));
  bake(fleet);
  return fleet;
}

function bake(fleet: Fleet): void {
  const report = (): void => {
    for (const i of fleet.hosts.keys()) fleet.report(i, true);
  };
  fleet.step();
  fleet.step();
  report();
  fleet.step();
  fleet.now += 300_000;
  report();
}

/** Of all hosts; the exposed with `share` of bad ones. */
function figures(fleet: Fleet, { step }: FiguresWanted, share: number, controls = 0): Figures {
  const of = fleet.hosts.map((one) => ({
    host: one.id,
    bad: 1000 * (isExposed(one) ? share : controls),
    all: 1000,
  }));
  return { step, metrics: { errors: { hosts: of } } };
}

const wanted = (fleet: Fleet): FiguresWanted => {
  const { wants, verdict } = fleet.step();
  assert.equal(verdict, 'no data');
  return wants ?? assert.fail('it wants no figures');
};

test('a step waits for its figures, and goes on by good ones to the end', () => {
  const fleet = baked();
  const sizes: number[] = [];
  for (let round = 0; fleet.deployment.state === 'running'; round += 1) {
    assert.ok(round < 5);
    if (round > 0) bake(fleet);
    const wants = wanted(fleet);
    assert.deepEqual(wants, { step: round, fromMs: fleet.now - 300_000, toMs: fleet.now });
    sizes.push(fleet.hosts.filter(isExposed).length);
    fleet.step({ ...figures(fleet, wants, 0.9), step: round + 1 });
    assert.equal(fleet.hosts.filter(isExposed).length, sizes.at(-1), 'figures of another step say nothing');
    fleet.step(figures(fleet, wants, 0.001));
  }
  assert.deepEqual(sizes, [2, 8, 16]);
  assert.equal(fleet.deployment.state, 'succeeded');
  assert.equal(fleet.deployment.canary?.requests?.['errors']?.exposed, 16, 'each host once');
});

test('hosts that answer worse than a limit, or than controls, fail it', () => {
  for (const against of [
    { kind: 'limit', share: 0.02 },
    { kind: 'controls', margin: 0.01 },
  ] as const) {
    const fleet = baked({ metrics: [{ name: 'errors', test: against }] }, 64);
    for (let round = 0; fleet.deployment.state === 'running'; round += 1) {
      assert.ok(round < 3, against.kind);
      if (round > 0) bake(fleet);
      fleet.step(figures(fleet, wanted(fleet), 0.1, 0.001));
    }
    assert.equal(fleet.deployment.state, 'failed');
    assert.match(fleet.deployment.reason ?? '', /errors: worse than it may be/);
    assert.ok(fleet.hosts.filter(isExposed).length < 64);
  }
});

test('bad figures of both alike are not blamed on the release', () => {
  const fleet = baked({ metrics: [{ name: 'errors', test: { kind: 'controls' } }] });
  fleet.step(figures(fleet, wanted(fleet), 0.4, 0.4));
  assert.equal(fleet.deployment.canary?.step, 1);
});

test('what can not be had never passes: it asks, and goes on by a person', () => {
  const fault = (text: string) => ({ step: 0, metrics: { errors: { fault: text } } });
  const nobody = { step: 0, metrics: { errors: { hosts: [] } } };
  for (const said of [fault('it does not answer'), nobody, { step: 0, metrics: {} }]) {
    const fleet = baked();
    const { verdict, reason } = fleet.step(said);
    assert.equal(verdict, 'no data');
    assert.match(reason, /No data: errors: /);
    assert.equal(fleet.deployment.state, 'running');
    fleet.now += 300_000;
    for (const i of fleet.hosts.keys()) fleet.report(i, true);
    fleet.step();
    assert.equal(fleet.deployment.state, 'running', 'nothing was asked in this look');
    fleet.step(said);
    assert.equal(fleet.deployment.state, 'paused');
    fleet.deployment = resumed(fleet.deployment);
    fleet.step();
    assert.deepEqual([fleet.deployment.state, fleet.deployment.canary?.step], ['running', 1]);
  }
  const patient = baked({ onNoData: 'wait' });
  patient.now += 3_000_000;
  for (const i of patient.hosts.keys()) patient.report(i, true);
  patient.step(fault('it does not answer'));
  assert.equal(patient.deployment.state, 'running');
});

test('a step that exposes nobody new needs no figures', () => {
  const fleet = baked({ steps: [2, 2] });
  fleet.step(figures(fleet, wanted(fleet), 0));
  assert.equal(fleet.deployment.canary?.step, 1);
  fleet.step();
  assert.equal(fleet.deployment.canary?.step, 2);
});

test('figures stand in the record, and replay needs no source', () => {
  const fleet = baked();
  const given = figures(fleet, wanted(fleet), 0.001);
  const before = fleet.deployment;
  const result = advance(before, fleet.hosts, fleet.now, policy, given);
  const start = { ...nothingRecorded, number: before.decided ?? 0 };
  const record = recordOf(
    start,
    before,
    fleet.hosts,
    fleet.now,
    policy,
    result,
    given === undefined ? {} : { figures: given },
  );
  assert.deepEqual(replayed(start, recordText(record)), {
    after: afterRecord(start, record),
    worded: 'same',
  });
  const { figures: _, ...without } = record;
  const said = replayed(start, recordText(without));
  assert.match(typeof said === 'string' ? said : 'the same', /decided again it is/);
});

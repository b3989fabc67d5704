import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance } from './advance.ts';
import { resumed } from './apply.ts';
import { canaryStanding } from './canary-standing.ts';
import { judgingDefaults } from './course.ts';
import type { Strategy } from './deployment.ts';
import type { Figures, FiguresWanted } from './figures.ts';
import { deployment, Fleet, hosts, MINUTE, policy, START } from './fleet.test-data.ts';
import { afterRecord, nothingRecorded, recordOf, recordText, replayed } from './record.ts';
import { chosenStrategy, type StrategyFor, type WantedStrategy } from './strategy.ts';

const judging = { ...judgingDefaults, bakeSeconds: 800 };
const errors = { metrics: [{ name: 'errors', test: { kind: 'limit', share: 0.002 } }] } as const;
const strategies: Readonly<Record<string, Strategy>> = {
  'all at once': { kind: 'all-at-once', ...judging, ...errors },
  rolling: { kind: 'rolling', maxUnavailable: 4, ...judging, ...errors },
  canary: { kind: 'canary', steps: [4, '50%'], maxUnavailable: '100%', ...judging, ...errors },
};
const isExposed = ({ admittedAt, held }: Fleet['hosts'][number]): boolean => admittedAt !== null && !held;
const exposed = (fleet: Fleet): number => fleet.hosts.filter(isExposed).length;

/** Of all hosts; the exposed with `share` of bad ones. */
function figures(fleet: Fleet, { step, look }: FiguresWanted, share: number): Figures {
  const of = fleet.hosts.map((one) => ({ host: one.id, bad: isExposed(one) ? 1000 * share : 0, all: 1000 }));
  return { step, ...(look === undefined ? {} : { look }), metrics: { errors: { hosts: of } } };
}

/** Plays until it ends, a minute at a time; sources answer as `answer` says. @returns the windows asked for, in seconds */
function play(fleet: Fleet, answer: (wants: FiguresWanted) => Figures | undefined): number[] {
  const windows: number[] = [];
  for (let minute = 0; fleet.deployment.state === 'running'; minute += 1) {
    assert.ok(minute < 200, 'it does not end');
    for (const i of fleet.hosts.keys()) fleet.report(i, true);
    const { wants } = fleet.step();
    if (wants !== undefined) {
      windows.push((wants.toMs - wants.fromMs) / 1000);
      fleet.step(answer(wants));
    }
    fleet.now += MINUTE;
  }
  return windows;
}

for (const [name, strategy] of Object.entries(strategies)) {
  test(`${name}: bad figures fail it within the first bake`, () => {
    const fleet = new Fleet(deployment('deploy', strategy), hosts(16));
    const windows = play(fleet, (wants) => figures(fleet, wants, 0.05));
    assert.equal(fleet.deployment.state, 'failed');
    assert.match(fleet.deployment.reason ?? '', /errors: worse than it may be/);
    assert.equal(exposed(fleet), name === 'all at once' ? 16 : 4);
    assert.deepEqual(windows, [100], 'after an eighth of it');
  });

  test(`${name}: good figures let it through, looked at four times in each bake`, () => {
    const fleet = new Fleet(deployment('deploy', strategy), hosts(16));
    const windows = play(fleet, (wants) => figures(fleet, wants, 0.001));
    assert.equal(fleet.deployment.state, 'succeeded');
    const steps = { 'all at once': 1, rolling: 4, canary: 3 }[name] ?? 0;
    assert.deepEqual(windows, Array(steps).fill([100, 200, 400, 800]).flat());
    assert.equal(fleet.deployment.canary?.requests?.['errors']?.exposed, 16, 'each host once');
  });

  test(`${name}: without figures it does not go on, and asks`, () => {
    const fleet = new Fleet(deployment('deploy', strategy), hosts(16));
    const fault = { errors: { fault: 'it does not answer' } };
    const windows = play(fleet, ({ step, look }) =>
      look === undefined ? { step, metrics: fault } : { step, look, metrics: fault },
    );
    assert.equal(fleet.deployment.state, 'paused');
    assert.match(fleet.deployment.reason ?? '', /No data: errors: it does not answer/);
    assert.equal(exposed(fleet), name === 'all at once' ? 16 : 4);
    assert.ok(windows.includes(800));
  });
}

test('rolling exposes a batch, and the next one once that has baked', () => {
  const fleet = new Fleet(
    deployment('deploy', { kind: 'rolling', maxUnavailable: '25%', ...judging }),
    hosts(9),
  );
  const sizes = new Set<number>();
  const standings: string[] = [];
  play(fleet, () => undefined);
  assert.equal(fleet.deployment.state, 'succeeded', 'no figures are named: reports alone');
  const again = new Fleet(
    deployment('deploy', { kind: 'rolling', maxUnavailable: '25%', ...judging }),
    hosts(9),
  );
  for (let minute = 0; again.deployment.state === 'running'; minute += 1) {
    for (const i of again.hosts.keys()) again.report(i, true);
    const { progress, reason } = again.step();
    if (progress.done === progress.admitted) sizes.add(exposed(again));
    const standing = canaryStanding(again.deployment, again.hosts, again.now);
    if (standing !== null) standings.push(`${standing.step} of ${standing.steps}`);
    if (minute === 3) assert.match(reason, /^Batch 1 of 5 \(25% at a time\): /);
    again.now += MINUTE;
  }
  assert.deepEqual([...new Set(standings)], ['1 of 5', '2 of 5', '3 of 5', '4 of 5', '5 of 5']);
  assert.deepEqual(
    [...sizes].filter((size) => size > 0),
    [2, 4, 6, 8, 9],
  );
});

test('by site, a batch is of each site, and no site counts for another', () => {
  const strategy: Strategy = { kind: 'rolling', maxUnavailable: 1, per: 'site', ...judging };
  const bySite = hosts(6).map((one, i) => ({ ...one, stratum: i < 4 ? 'muc' : 'ber' }));
  const fleet = new Fleet(deployment('deploy', strategy), bySite);
  for (let round = 0; round < 4; round += 1) {
    for (const i of fleet.hosts.keys()) fleet.report(i, true);
    fleet.step();
  }
  const of = (site: string): number =>
    fleet.hosts.filter((one) => one.stratum === site && isExposed(one)).length;
  assert.deepEqual([of('muc'), of('ber')], [1, 1]);
  play(fleet, () => undefined);
  assert.equal(fleet.deployment.state, 'succeeded');
});

test('a look waits for who is slower until the one after it, and goes by half of them then', () => {
  const fleet = new Fleet(deployment('deploy', strategies['all at once'] ?? assert.fail()), hosts(8));
  fleet.step();
  for (const i of [0, 1, 2]) fleet.report(i, true);
  fleet.step();
  fleet.now += 2 * MINUTE;
  assert.equal(fleet.step().wants, undefined, 'three of eight');
  fleet.report(3, true);
  fleet.step();
  const { due } = fleet.step();
  assert.equal(due, fleet.now + 200_000);
  fleet.now += 190_000;
  assert.equal(fleet.step().wants, undefined, 'four of eight, and the others may still come');
  fleet.now += 10_000;
  const { wants = assert.fail('four of eight') } = fleet.step();
  assert.deepEqual(wants, { step: 0, look: 0, fromMs: fleet.now - 100_000, toMs: fleet.now });
  for (const i of [4, 5, 6, 7]) fleet.report(i, true);
  fleet.step();
  const { verdict } = fleet.step(figures(fleet, wants, 0.5));
  assert.equal(verdict, 'fail', 'by the four that it was asked of');
});

test('a person lets a step pass without its last figures: what was seen of it stays', () => {
  const fleet = new Fleet(deployment('deploy', strategies['rolling'] ?? assert.fail()), hosts(16));
  play(fleet, ({ step, look }) =>
    look === 0
      ? figures(fleet, { step, look, fromMs: 0, toMs: 0 }, 0.02)
      : { step, ...(look === undefined ? {} : { look }), metrics: { errors: { fault: 'gone' } } },
  );
  assert.equal(fleet.deployment.state, 'paused');
  const peak = fleet.deployment.canary?.requests?.['errors']?.evidence.peak ?? 0;
  assert.ok(peak > 1);
  fleet.deployment = resumed(fleet.deployment);
  fleet.step();
  const { requests, step } = fleet.deployment.canary ?? assert.fail();
  assert.equal(step, 1);
  assert.equal(requests?.['errors']?.looked, undefined);
  assert.equal(requests?.['errors']?.evidence.peak, peak);
});

test('a person pauses it in the middle of a bake: it is looked at all the same, and fails once it goes on', () => {
  const fleet = new Fleet(deployment('deploy', strategies['all at once'] ?? assert.fail()), hosts(16));
  fleet.step();
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  fleet.step();
  fleet.deployment = { ...fleet.deployment, state: 'paused' };
  fleet.now += 2 * MINUTE;
  const { wants = assert.fail() } = fleet.step();
  fleet.step(figures(fleet, wants, 0.05));
  assert.equal(fleet.deployment.state, 'paused');
  fleet.now += 20 * MINUTE;
  assert.equal(fleet.step().wants?.look, 2);
  fleet.deployment = resumed(fleet.deployment);
  fleet.step();
  assert.equal(fleet.deployment.state, 'failed');
});

test('a look within a bake stands in the record', () => {
  const fleet = new Fleet(deployment('deploy', strategies['all at once'] ?? assert.fail()), hosts(16));
  fleet.step();
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  fleet.step();
  fleet.now += 2 * MINUTE;
  const { wants = assert.fail() } = fleet.step();
  const given = figures(fleet, wants, 0.05);
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
  assert.equal(typeof replayed(start, recordText(without)), 'string');
});

test('a rolling deployment that was begun by an older root server goes on by reports alone', () => {
  const fleet = new Fleet(deployment('deploy', { kind: 'rolling', maxUnavailable: 16 }), hosts(16));
  fleet.step();
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  assert.equal(fleet.step().verdict, 'pass');
  assert.equal(fleet.now, START);
});

test('updates are judged by the figures that the policy names, in whatever way they go', () => {
  const policyOf = {
    maxUnavailable: '10%' as const,
    metrics: [{ name: 'errors', source: 'main', limit: 0.01 }],
  };
  const about: StrategyFor = { kind: 'deploy', isFirst: false, hosts: 3, policy: policyOf };
  const judged = { ...judgingDefaults, metrics: [{ name: 'errors', test: { kind: 'limit', share: 0.01 } }] };
  const rolling = { kind: 'rolling', maxUnavailable: '10%' };
  const cases: [WantedStrategy | undefined, Partial<StrategyFor>, object][] = [
    [undefined, {}, { ...rolling, ...judged }],
    [{ kind: 'all-at-once' }, {}, { kind: 'all-at-once', ...judged }],
    [
      { kind: 'rolling', bakeSeconds: 5, onFail: 'stop' },
      {},
      { ...rolling, ...judged, bakeSeconds: 5, onFail: 'stop' },
    ],
    [{ kind: 'rolling' }, { policy: { maxUnavailable: '10%' } }, rolling],
    [
      { kind: 'all-at-once', bakeSeconds: 5 },
      { policy: { maxUnavailable: '10%' } },
      { kind: 'all-at-once', ...judgingDefaults, bakeSeconds: 5 },
    ],
    [undefined, { isFirst: true }, { kind: 'all-at-once' }],
    [undefined, { kind: 'rollback' }, { kind: 'all-at-once' }],
    [{ kind: 'rolling' }, { kind: 'undeploy' }, rolling],
  ];
  for (const [wanted, more, expected] of cases)
    assert.deepEqual(chosenStrategy(wanted, { ...about, ...more }), expected);
  assert.throws(
    () => chosenStrategy({ kind: 'rolling', bakeSeconds: 5 }, { ...about, kind: 'rollback' }),
    /bakeSeconds is for updates; a rollback is not judged/,
  );
});

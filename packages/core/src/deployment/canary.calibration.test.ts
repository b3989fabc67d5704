import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgingDefaults } from './course.ts';
import type { CanaryStrategy } from './deployment.ts';
import { deployment, Fleet, hosts, MINUTE, newPackage, oldPackage, runs } from './fleet.test-data.ts';

/** A bake that is much shorter than silence takes to be noticed: there the silent are easily left alone in their arm. */
const strategy: CanaryStrategy = {
  kind: 'canary',
  steps: ['10%', '50%'],
  bakeSeconds: 60,
  minimumExposure: 1,
  maxUnavailable: '100%',
  maxFailed: '100%',
  alpha: 0.05,
  onFail: 'rollback',
  onNoData: 'wait',
};
const tickMs = 5 * MINUTE;

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The chance of a host that is well to fall silent, or to break, within a tick; for ever. */
interface Chances {
  readonly silent: number;
  readonly broken: number;
}
const usual: Chances = { silent: 0.015, broken: 0.004 };

/** Plays a canary to its end, or for so many ticks. @returns whether it was stopped */
function isStopped(seed: number, exposed: Chances): boolean {
  const random = seeded(seed);
  const fleet = new Fleet(deployment('deploy', strategy, `salt${seed}`), hosts(300));
  const states = fleet.hosts.map(() => 'well');
  for (let tick = 0; tick < 16 && fleet.deployment.state === 'running'; tick += 1) {
    fleet.step();
    fleet.now += tickMs;
    fleet.hosts = fleet.hosts.map((one, i) => {
      const told = fleet.told(one);
      const { silent, broken } = told ? exposed : usual;
      const drawn = random();
      if (states[i] === 'well' && drawn < silent + broken) states[i] = drawn < silent ? 'silent' : 'broken';
      if (states[i] === 'silent') return one;
      const reported = [runs(told ? newPackage : oldPackage, states[i] === 'well')];
      return { ...one, lastReport: fleet.now, lastSeen: fleet.now, reported };
    });
  }
  return fleet.deployment.state === 'failed';
}

const stops = (fleets: number, exposed: Chances): number =>
  Array.from({ length: fleets }, (_, seed) => isStopped(seed, exposed)).filter(Boolean).length;

test('hosts that break and fall silent as often with the new version as without seldom stop a canary', () => {
  // At most three are expected. Eight or fewer come with a chance of 99.6 %, and of these seeds always or never.
  const stopped = stops(60, usual);
  assert.ok(stopped <= 8, `${stopped} of 60 harmless releases were stopped`);
});

test('hosts that break far more often with the new version do', () => {
  const stopped = stops(10, { ...usual, broken: 0.06 });
  assert.ok(stopped >= 8, `${stopped} of 10 harmful releases were stopped`);
});

const figured: CanaryStrategy = {
  kind: 'canary',
  steps: [4, '50%'],
  maxUnavailable: '100%',
  ...judgingDefaults,
  alpha: 0.05,
  bakeSeconds: 960,
  onNoData: 'wait',
  metrics: [{ name: 'errors', test: { kind: 'controls' } }],
};

/** Hosts that each have a rate of bad answers of their own that stays, so that looks at them hang together. */
function isStoppedByFigures(seed: number, worse: number): boolean {
  const random = seeded(seed);
  const fleet = new Fleet(deployment('deploy', figured, `salt${seed}`), hosts(40));
  const rates = fleet.hosts.map(() => random() ** 8);
  for (let minute = 0; minute < 100 && fleet.deployment.state === 'running'; minute += 1) {
    for (const i of fleet.hosts.keys()) fleet.report(i, true);
    const { wants } = fleet.step();
    if (wants !== undefined) {
      const all = (wants.toMs - wants.fromMs) / 1000;
      const of = fleet.hosts.map((one, i) => {
        const rate = (rates[i] ?? 0) * (0.8 + 0.4 * random()) + (fleet.told(one) ? worse : 0);
        return { host: one.id, bad: Math.min(all, Math.round(all * rate)), all };
      });
      const { step, look } = wants;
      fleet.step({ step, ...(look === undefined ? {} : { look }), metrics: { errors: { hosts: of } } });
    }
    fleet.now += MINUTE;
  }
  assert.notEqual(fleet.deployment.state, 'running');
  return fleet.deployment.state === 'failed';
}

test('hosts that always answer badly, old version or new, do not stop it, though each is looked at four times', () => {
  const of = (fleets: number, worse: number): number =>
    Array.from({ length: fleets }, (_, seed) => isStoppedByFigures(seed, worse)).filter(Boolean).length;
  // At most two are expected, and seven or more come with a chance of 0.3 %; of these seeds always or never.
  const stopped = of(40, 0);
  assert.ok(stopped <= 6, `${stopped} of 40 harmless releases were stopped`);
  const caught = of(10, 0.9);
  assert.ok(caught >= 9, `${caught} of 10 harmful releases were stopped`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
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

import assert from 'node:assert/strict';
import { judgingDefaults } from './course.ts';
import type { Decision } from './deployment.ts';
import type { Figures } from './figures.ts';
import { deployment, Fleet, hosts, newPackage, runs } from './fleet.test-data.ts';
import type { BlueGreenStrategy } from './groups.ts';

export const strategy: BlueGreenStrategy = {
  kind: 'blue-green',
  per: 'color',
  groups: ['blue', 'green'],
  maxUnavailable: '100%',
  keepSeconds: 1800,
  switchSeconds: 300,
  ...judgingDefaults,
};

/** So many hosts, in turn blue and green; blue has the traffic, over two balancers. */
export function fleetOf(size: number, more: Partial<BlueGreenStrategy> = {}): Fleet {
  const members = hosts(size).map((one, i) => ({ ...one, stratum: i % 2 === 0 ? 'blue' : 'green' }));
  const fleet = new Fleet(deployment('deploy', { ...strategy, ...more }), members);
  fleet.traffic = { serving: 'blue', number: 3, of: 2, applied: 2, behind: 0, names: ['lb-1', 'lb-2'] };
  return fleet;
}

/** Everyone reports, and does as told. @returns what was decided until nothing more follows */
export function look(fleet: Fleet, figures?: Figures): Decision[] {
  for (const i of fleet.hosts.keys()) fleet.report(i, true);
  const all: Decision[] = [];
  for (let round = 0; round < 10; round += 1) {
    const { decisions } = fleet.step(figures);
    if (decisions.length === 0) return all;
    all.push(...decisions);
  }
  return assert.fail('decided on and on');
}
export function pass(fleet: Fleet, seconds: number, figures?: Figures): Decision[] {
  fleet.now += seconds * 1000;
  return look(fleet, figures);
}
export const phase = (fleet: Fleet) => fleet.deployment.groups?.phase;
export const has = (fleet: Fleet, group: string) =>
  fleet.hosts.filter(({ stratum, reported }) => stratum === group && reported[0]?.package === newPackage)
    .length;
export const kinds = (decisions: readonly Decision[]) =>
  decisions.flatMap((one) =>
    one.kind === 'groups'
      ? [one.groups.phase]
      : one.kind === 'switch'
        ? [`to ${one.to}`]
        : one.kind === 'end'
          ? [one.state]
          : one.kind === 'ask'
            ? ['ask']
            : [],
  );

/** Up to where green has the traffic and is watched. */
export function watched(size = 8, more: Partial<BlueGreenStrategy> = {}): Fleet {
  const fleet = fleetOf(size, more);
  look(fleet);
  look(fleet);
  pass(fleet, 61);
  assert.equal(phase(fleet), 'switching');
  fleet.applied();
  look(fleet);
  assert.equal(phase(fleet), 'watching');
  return fleet;
}

/** Green's hosts say this of themselves; the others are as they were. */
export function failing(fleet: Fleet, count: number): void {
  let left = count;
  fleet.hosts = fleet.hosts.map((one) => {
    if (one.stratum !== 'green' || left === 0) return one;
    left -= 1;
    return { ...one, lastReport: fleet.now, lastSeen: fleet.now, reported: [runs(newPackage, false)] };
  });
}

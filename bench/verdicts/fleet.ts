import { normal } from '@xylem/sim';

/** Hosts that never come twice: each exposed one has its own controls, watched over the same bake. */
export interface Fleet {
  /** Exposed and controls together. */
  readonly hosts: number;
  readonly controlsPerExposed: number;
  /** So many are admitted at once; the next when these have baked. */
  readonly group: number;
}

export interface Rates {
  /** Share of hosts that fail within their bake. */
  readonly control: number;
  readonly exposed: number;
}

export interface Host {
  readonly arm: 'exposed' | 'control';
  /** When it fails, within its bake; `silent` is noticed only after it; null: it is well. */
  readonly fails: number | 'silent' | null;
  /** Hosts are compared within theirs alone; absent: with all. */
  readonly stratum?: string;
}

export const bake = 1_000;

export function groupsOf({ hosts, controlsPerExposed, group }: Fleet): number {
  return Math.max(1, Math.floor(hosts / (group * (1 + controlsPerExposed))));
}

/** The hosts of one group, in the order of their ids, which says nothing about their arm. Half of the failed are silent. */
export function hostGroup(random: () => number, { controlsPerExposed, group }: Fleet, rates: Rates): Host[] {
  return arms(random, group, controlsPerExposed).map((arm) => ({ arm, fails: failing(random, rates[arm]) }));
}

function failing(random: () => number, rate: number): Host['fails'] {
  if (random() >= rate) return null;
  return random() < 0.5 ? 'silent' : 1 + Math.floor(random() * bake);
}

/** One host of each of `group` tenants is exposed, the tenant's others are its controls. Tenants' rates differ about threefold. */
export function tenantGroup(
  random: () => number,
  { controlsPerExposed, group }: Fleet,
  rates: Rates,
): Host[] {
  return Array.from({ length: group }, (_, tenant) => {
    const level = Math.exp(normal(random) / 2 - 1 / 8);
    return arms(random, 1, controlsPerExposed).map((arm) => ({
      arm,
      fails: failing(random, Math.min(1, rates[arm] * level)),
      stratum: String(tenant),
    }));
  }).flat();
}

export interface Requests {
  readonly arm: 'exposed' | 'control';
  readonly good: number;
  readonly bad: number;
}

/**
 * What a group of hosts answered. Errors come together: each host has a level of its own (they differ about threefold),
 * all share the hour's, and one of fifty had a bad spell in which a fifth of what it answered was bad.
 */
export function requestGroup(
  random: () => number,
  { controlsPerExposed, group }: Fleet,
  shares: Rates,
): Requests[] {
  const hour = Math.exp(normal(random) / 2);
  return arms(random, group, controlsPerExposed).map((arm) => {
    const own = shares[arm] * hour * Math.exp(normal(random) / 2);
    const share = Math.min(1, own + (random() < 0.02 ? 0.2 : 0));
    const all = 500 + Math.floor(random() * 1_000);
    const bad = Math.min(all, Math.round(all * share));
    return { arm, good: all - bad, bad };
  });
}

/** Who of a group is exposed is drawn, as a keyed hash does. */
function arms(random: () => number, exposed: number, controlsPerExposed: number): Host['arm'][] {
  let left = exposed;
  const all = exposed * (1 + controlsPerExposed);
  return Array.from({ length: all }, (_, index) => {
    if (random() * (all - index) >= left) return 'control';
    left -= 1;
    return 'exposed';
  });
}

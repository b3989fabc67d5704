import assert from 'node:assert/strict';
import type { Digest } from '../ids.ts';
import type { ReleaseName } from './deployment.ts';
import { deployment, digest, Fleet, hosts, MINUTE, newPackage, oldPackage, runs } from './fleet.test-data.ts';
import { type GroupsState, givenBack, goesBackInPhases, waitingFor } from './groups.ts';
import { chosenStrategy, type WantedStrategy } from './strategy.ts';

export const olderPackage = digest('older');
const nextPackage = digest('next');
const traffic = { label: 'color', groups: ['blue', 'green'] } as const;
const named = (to: Digest): ReleaseName => ({ digest: to, version: '1.0.0' }) as ReleaseName;

interface Balancer {
  /** Where it really sends requests. */
  sends: string;
  /** The last switch that it reported. */
  reported: number;
  isSilent: boolean;
}

/**
 * Two groups of hosts behind balancers that hear of switches one by one, and may fall silent before they say so; one
 * deployment after another as the root server begins them.
 */
export class World {
  fleet: Fleet;
  readonly balancers: readonly Balancer[];
  /** What each host is told to run, by the last deployment that told it. */
  readonly wanted = new Map<string, Digest>();
  /** Hosts that were told to run something else since their last report: they may be at it, whatever they are told by now. */
  readonly #touched = new Set<string>();
  settled: Digest = oldPackage;
  unsettled = 1;
  /** A person said to go on though something was asked. */
  isForced = false;

  constructor(size: number, balancers: number, wanted: WantedStrategy) {
    const members = hosts(size).map((one, i) => ({ ...one, stratum: i % 2 === 0 ? 'blue' : 'green' }));
    const policy = { maxUnavailable: 1 };
    const about = { kind: 'deploy', isFirst: false, hosts: size, policy, traffic } as const;
    this.fleet = new Fleet(
      { ...deployment('deploy', chosenStrategy(wanted, about)), to: named(newPackage) },
      members,
    );
    this.balancers = Array.from({ length: balancers }, () => ({
      sends: 'blue',
      reported: 0,
      isSilent: false,
    }));
    this.fleet.traffic = { serving: 'blue', number: 0, of: balancers, applied: 0, behind: 0, names: [] };
    for (const { id } of members) this.wanted.set(id, oldPackage);
  }

  /** @returns what is decided until nothing more follows */
  step() {
    const decisions = [];
    for (let round = 0; round < 12; round += 1) {
      this.#lookAtBalancers();
      const { groups } = this.fleet.deployment;
      const said = this.fleet.step();
      for (const one of this.fleet.hosts) {
        const to = this.fleet.deployment.components['api']?.to;
        if (this.fleet.told(one) && to) this.wanted.set(one.id, to);
        if (this.wanted.get(one.id) !== one.reported[0]?.package) this.#touched.add(one.id);
      }
      if (this.fleet.deployment.state === 'succeeded' && said.decisions.length > 0) {
        this.settled = this.fleet.deployment.to?.digest ?? this.settled;
        this.unsettled = 0;
      }
      if (said.decisions.length === 0) return decisions;
      decisions.push(...said.decisions.map((one) => ({ ...one, phase: groups?.phase })));
    }
    return assert.fail('decided on and on');
  }

  #lookAtBalancers(): void {
    const known = this.fleet.traffic ?? assert.fail();
    const missing = this.balancers.filter(({ reported }) => reported !== known.number);
    const silent = missing.filter(({ isSilent }) => isSilent).length;
    const of = this.balancers.length;
    const names = missing.map((one) => `lb-${this.balancers.indexOf(one)}`);
    const counts = { of, applied: of - missing.length, behind: missing.length - silent, silent };
    this.fleet.traffic = { ...known, ...counts, names };
  }

  /** A balancer applies what is ordered; that it did comes here only where it is not silent. */
  hear(at: number, isSilent: boolean): void {
    const one = this.balancers[at % this.balancers.length] ?? assert.fail();
    one.sends = this.fleet.traffic?.serving ?? assert.fail();
    one.isSilent = isSilent;
    if (!isSilent) one.reported = this.fleet.traffic?.number ?? 0;
  }

  /** It is not heard of any more, and hears of nothing. */
  mute(at: number): void {
    (this.balancers[at % this.balancers.length] ?? assert.fail()).isSilent = true;
  }

  report(at: number, healthy: boolean): void {
    const { fleet } = this;
    const index = at % fleet.hosts.length;
    const one = fleet.hosts[index] ?? assert.fail();
    const reported = [runs(this.wanted.get(one.id) ?? assert.fail(), healthy)];
    fleet.now += 1;
    fleet.hosts[index] = { ...one, lastReport: fleet.now, lastSeen: fleet.now, reported };
    this.#touched.delete(one.id);
  }

  all(healthy = true): void {
    for (const i of this.fleet.hosts.keys()) this.report(i, healthy);
  }

  /** As the root server does: traffic is given back in the same transaction, and what there was goes back in phases or not. */
  rollback(to: Digest): void {
    const { deployment: last, now } = this.fleet;
    const given = givenBack(last, now);
    const isInPhases = goesBackInPhases({ last, unsettled: this.unsettled, settled: this.settled, to });
    if (given !== null) this.fleet.switchTo(given.to, this.fleet.traffic?.number ?? 0);
    const groups: GroupsState | undefined = given?.deployment.groups ?? last.groups;
    this.#begin('rollback', to, {
      strategy: chosenStrategy(undefined, {
        kind: 'rollback',
        isFirst: false,
        hosts: this.fleet.hosts.length,
        policy: { maxUnavailable: 1 },
        traffic,
        isInPhases,
      }),
      ...(isInPhases || groups === undefined ? {} : waitingFor(groups, now)),
    });
  }

  /** Another release comes meanwhile: traffic stays where it is. */
  deployNext(): void {
    this.#begin('deploy', nextPackage, { strategy: this.fleet.deployment.strategy });
  }

  #begin(kind: 'deploy' | 'rollback', to: Digest, more: Partial<Fleet['deployment']>): void {
    const { fleet } = this;
    const from = [...new Set(this.wanted.values())].filter((one) => one !== to);
    fleet.deployment = {
      ...deployment(kind, { kind: 'all-at-once' }, `salt-${to.slice(0, 8)}`),
      to: named(to),
      components: { api: { from, to } },
      ...more,
    };
    const none = { admittedAt: null, held: false, doneAt: null, failedAt: null, watched: null };
    fleet.hosts = fleet.hosts.map((one) => ({ ...one, ...none }));
    this.unsettled += 1;
  }

  /** Hosts that may be changing, in groups that some balancer sends requests to. */
  changingWithTraffic() {
    return this.fleet.hosts.filter(
      ({ id, stratum }) => this.#touched.has(id) && this.balancers.some(({ sends }) => sends === stratum),
    );
  }

  pass(minutes: number): void {
    this.fleet.now += minutes * MINUTE;
  }
}

import { createHash } from 'node:crypto';
import type { Digest, HostId } from '../ids.ts';
import { advance } from './advance.ts';
import { applyDecisions, marking } from './apply.ts';
import { type Deployment, type HostEvidence, initialThreshold, type Strategy } from './deployment.ts';
import type { Figures } from './figures.ts';
import type { TrafficEvidence } from './groups.ts';
import { standingOf } from './standing.ts';
import { isWithin } from './strata.ts';

export const digest = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;
export const [oldPackage, newPackage] = [digest('old'), digest('new')];
export const MINUTE = 60_000;
export const policy = { offlineAfterMs: 10 * MINUTE, silentAfterMs: 30 * MINUTE };
export const START = 1_800_000_000_000;

export function deployment(kind: Deployment['kind'], strategy: Strategy, salt = 'c2FsdHNhbHQ'): Deployment {
  return {
    id: 'd1',
    environment: '0'.repeat(32),
    product: 'shop',
    kind,
    from: null,
    to: null,
    components: { api: { from: [oldPackage], to: kind === 'undeploy' ? null : newPackage } },
    strategy,
    salt,
    threshold: initialThreshold(kind),
    state: 'running',
    reason: null,
    purgeData: false,
  } as unknown as Deployment;
}

export type Reported = HostEvidence['reported'][number];
export const runs = (found: Digest, healthy: boolean | null = true): Reported => ({
  component: 'api',
  package: found,
  state: 'running',
  healthy,
});
export const host = (n: number, more: Partial<HostEvidence> = {}): HostEvidence => ({
  id: createHash('sha256').update(`${n}`).digest('hex').slice(0, 32) as HostId,
  components: ['api'],
  admittedAt: null,
  held: false,
  keptBack: false,
  lastReport: START,
  lastSeen: START,
  reported: [runs(oldPackage)],
  ...more,
});
export const hosts = (count: number): HostEvidence[] => Array.from({ length: count }, (_, n) => host(n));
export const rolling = (maxUnavailable: number | `${number}%`): Strategy => ({
  kind: 'rolling',
  maxUnavailable,
});

/** A fleet that does as it is told, one event after another. */
export class Fleet {
  deployment: Deployment;
  hosts: HostEvidence[];
  now = START;
  /** Of a fleet in two groups: where requests go, and how many of its balancers have reported that. */
  traffic: TrafficEvidence | undefined;

  constructor(start: Deployment, members: HostEvidence[]) {
    this.deployment = start;
    this.hosts = members;
  }

  step(figures?: Figures) {
    const result = advance(this.deployment, this.hosts, this.now, policy, figures, this.traffic);
    this.deployment = applyDecisions(this.deployment, result.decisions);
    this.hosts = this.hosts.map(marking(result.decisions, this.now));
    for (const one of result.decisions) if (one.kind === 'switch') this.switchTo(one.to, one.number);
    return result;
  }

  /** As the root server does it: by what it was decided from, or not at all. */
  switchTo(serving: string, expected: number): void {
    const { traffic } = this;
    if (traffic?.number !== expected) throw new Error('decided from another state of traffic');
    this.traffic = { ...traffic, serving, number: expected + 1, applied: 0, behind: traffic.of };
  }

  /** So many balancers report what they have applied. */
  applied(applied = this.traffic?.of ?? 0): void {
    if (this.traffic !== undefined)
      this.traffic = { ...this.traffic, applied, behind: this.traffic.of - applied, silent: 0 };
  }

  /** Those that have been told to change and are not done. */
  unavailable(): number {
    return this.hosts.filter(
      (one) => this.told(one) && standingOf(this.deployment, one, this.now, policy) !== 'done',
    ).length;
  }

  told(one: HostEvidence): boolean {
    return !one.held && isWithin(this.deployment, one);
  }

  report(index: number, healthy: boolean): void {
    const one = this.hosts[index];
    if (one === undefined) return;
    const changed = this.told(one);
    const to = this.deployment.components['api']?.to ?? null;
    const target = to === null ? [] : [runs(to, healthy)];
    this.hosts[index] = {
      ...one,
      lastReport: this.now,
      lastSeen: this.now,
      reported: changed ? target : one.reported,
    };
  }
}

import {
  type Advance,
  advanceBy,
  applyDecisions,
  cohortHash,
  type Deployment,
  type DeploymentId,
  type EnvironmentId,
  type HostEvidence,
  type HostId,
  initialThreshold,
  marking,
  sha256,
  Tally,
  toB64u,
} from '@xylem/core';
import { idOf, type News, wordOf } from './news.ts';
import { labelOfSite, type Scenario } from './scenario.ts';

const component = 'app';
const packages = { old: sha256('old'), new: sha256('new') };
/** By what hosts say; the same array for all, as there are many hosts. */
const reports: readonly HostEvidence['reported'][] = [0, 1, 2, 3].map((code) => {
  const { runs, healthy } = wordOf(code);
  return [{ component, package: packages[runs], state: 'running', healthy }];
});

/** What its database holds. */
interface Durable {
  readonly deployment: Deployment;
  readonly hosts: readonly (HostEvidence | null)[];
}

/** The root server: what it knows of the hosts by their numbers, and what it decides. */
export class Server {
  readonly #scenario: Scenario;
  #deployment: Deployment;
  readonly #hosts: (HostEvidence | null)[];
  readonly #numbers = new Map<HostId, number>();
  /** Made anew from the hosts with each deployment, and after a crash. */
  #tally: Tally;
  readonly #leaving = new Set<number>();

  private constructor(scenario: Scenario, { deployment, hosts }: Durable) {
    this.#scenario = scenario;
    this.#deployment = deployment;
    this.#hosts = [...hosts];
    for (const [number, host] of hosts.entries()) {
      if (host === null) continue;
      this.#numbers.set(host.id, number);
      if (host.components.length === 0) this.#leaving.add(number);
    }
    this.#tally = this.#counted(0);
  }

  static begun(scenario: Scenario): Server {
    return new Server(scenario, { deployment: deploymentOf(scenario, 'deploy'), hosts: [] });
  }

  /** After a crash: only what was durable is known. */
  static restored(scenario: Scenario, durable: string): Server {
    return new Server(scenario, JSON.parse(durable) as Durable);
  }

  get durable(): string {
    return JSON.stringify({ deployment: this.#deployment, hosts: this.#hosts } satisfies Durable);
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  get hosts(): HostEvidence[] {
    return this.#hosts.filter((host) => host !== null);
  }

  /** Numbers of the hosts that have been told to change, in the order of their turn. */
  get told(): number[] {
    const { salt } = this.#deployment;
    return this.hosts
      .filter(({ admittedAt, held }) => admittedAt !== null && !held)
      .map(({ id }) => ({ number: this.numberOf(id), hash: cohortHash(salt, id) }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1))
      .map(({ number }) => number);
  }

  numberOf(id: HostId): number {
    return this.#numbers.get(id) ?? -1;
  }

  take({ said, labelled, gone }: News, now: number): void {
    this.#tally.at(now);
    for (let at = 0; at < labelled.length; at += 2) this.#label(labelled[at] ?? -1, labelled[at + 1] ?? -1);
    for (let at = 0; at < said.length; at += 3)
      this.#hear(said[at] ?? -1, now - (said[at + 1] ?? 0), said[at + 2] ?? -1);
    for (const number of gone) {
      const host = this.#hosts[number];
      if (host === undefined || host === null) continue;
      this.#know(number, { ...host, components: [] });
      this.#leaving.add(number);
    }
  }

  /** What follows from what is known; nothing changes by it. */
  look(now: number): Advance {
    return advanceBy(this.#deployment, this.#tally.at(now), now, this.#scenario.policy);
  }

  /** One transaction. */
  commit({ decisions }: Pick<Advance, 'decisions'>, now: number): void {
    const after = marking(decisions, now);
    for (const id of new Set(decisions.flatMap((one) => ('hosts' in one ? one.hosts : [])))) {
      const number = this.numberOf(id);
      const host = this.#hosts[number];
      if (host !== undefined && host !== null) this.#know(number, after(host));
    }
    this.#deployment = applyDecisions(this.#deployment, decisions);
    for (const number of this.#leaving) this.#forget(number);
  }

  /** What goes back gives every host the old version at once, and has marks of its own. */
  beginRollback(): void {
    this.#deployment = deploymentOf(this.#scenario, 'rollback');
    for (const [number, host] of this.#hosts.entries()) {
      if (host === null) continue;
      const { doneAt: _done, failedAt: _failed, watched: _watched, ...known } = host;
      this.#hosts[number] = { ...known, admittedAt: null, held: false };
    }
    this.#tally = this.#counted(0);
  }

  #counted(now: number): Tally {
    const tally = new Tally(this.#deployment, this.#scenario.policy, now);
    for (const host of this.hosts) tally.set(host);
    return tally;
  }

  #know(number: number, host: HostEvidence): void {
    this.#hosts[number] = host;
    this.#tally.set(host);
  }

  /** Of the database, who was removed is known as long as it is marked as watched: then it is heard out. */
  #forget(number: number): void {
    const watched = this.#hosts[number]?.watched ?? null;
    if (watched !== null && watched.as !== 'over') return;
    const host = this.#hosts[number];
    if (host !== undefined && host !== null) this.#tally.remove(host.id);
    this.#hosts[number] = null;
    this.#leaving.delete(number);
  }

  #label(number: number, site: number): void {
    const stratum = this.#scenario.sites > 0 ? { stratum: labelOfSite(site) } : {};
    const known = this.#hosts[number];
    if (known === null) return;
    if (known !== undefined) {
      this.#know(number, { ...known, ...stratum });
      return;
    }
    const id = idOf(this.#scenario.seed, number);
    this.#numbers.set(id, number);
    this.#know(number, {
      id,
      components: [component],
      admittedAt: null,
      held: false,
      keptBack: false,
      ...stratum,
      lastReport: null,
      lastSeen: null,
      reported: [],
    });
  }

  #hear(number: number, at: number, code: number): void {
    const host = this.#hosts[number];
    const reported = reports[code];
    if (host === undefined || host === null || reported === undefined) return;
    this.#know(number, { ...host, lastReport: at, lastSeen: at, reported });
  }
}

function deploymentOf({ seed, strategy }: Scenario, kind: 'deploy' | 'rollback'): Deployment {
  const [from, to] = kind === 'deploy' ? [packages.old, packages.new] : [packages.new, packages.old];
  return {
    id: sha256(`${kind}/${seed}`).slice(0, 32) as DeploymentId,
    environment: '0'.repeat(32) as EnvironmentId,
    product: component,
    kind,
    from: null,
    to: null,
    components: { [component]: { from: [from], to } },
    strategy: kind === 'deploy' ? strategy : { kind: 'all-at-once' },
    salt: toB64u(Buffer.from(sha256(`salt/${kind}/${seed}`).slice(0, 24), 'hex')),
    threshold: initialThreshold(kind),
    state: 'running',
    reason: null,
    purgeData: false,
  };
}

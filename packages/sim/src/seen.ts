import {
  type Decision,
  type Deployment,
  type DeploymentId,
  type EnvironmentId,
  type HostEvidence,
  type HostId,
  hostAfter,
  initialThreshold,
  sha256,
  toB64u,
} from '@xylem/core';
import type { News, Said } from './fleet.ts';
import type { Scenario } from './scenario.ts';

const component = 'app';
const packages = { old: sha256('old'), new: sha256('new') };

/** The deployment that is simulated, before its first look. */
export function deploymentOf({ seed, strategy }: Scenario): Deployment {
  return {
    id: sha256(`deployment/${seed}`).slice(0, 32) as DeploymentId,
    environment: '0'.repeat(32) as EnvironmentId,
    product: component,
    kind: 'deploy',
    from: null,
    to: null,
    components: { [component]: { from: [packages.old], to: packages.new } },
    strategy,
    salt: toB64u(Buffer.from(sha256(`salt/${seed}`).slice(0, 24), 'hex')),
    threshold: initialThreshold('deploy'),
    state: 'running',
    reason: null,
    purgeData: false,
  };
}

/** What the root server knows of the hosts; the same for a run and for its replay. */
export class Evidence {
  readonly #hosts = new Map<HostId, HostEvidence>();

  /** @param ids of the hosts that are expected, none of which has said anything yet */
  constructor(ids: readonly HostId[]) {
    for (const id of ids)
      this.#hosts.set(id, {
        id,
        components: [component],
        admittedAt: null,
        held: false,
        keptBack: false,
        lastReport: null,
        lastSeen: null,
        reported: [],
      });
  }

  get hosts(): HostEvidence[] {
    return [...this.#hosts.values()];
  }

  take({ said, gone }: News): void {
    for (const one of said) this.#hear(one);
    for (const id of gone) this.#hosts.delete(id);
  }

  /** Marks hosts as decisions say. */
  mark(decisions: readonly Decision[], now: number): void {
    for (const decision of decisions) {
      if (!('hosts' in decision)) continue;
      for (const id of decision.hosts) {
        const host = this.#hosts.get(id);
        if (host !== undefined) this.#hosts.set(id, hostAfter(host, [{ ...decision, hosts: [id] }], now));
      }
    }
  }

  #hear({ id, at, runs, healthy }: Said): void {
    const host = this.#hosts.get(id);
    if (host === undefined) return;
    const reported = [{ component, package: packages[runs], state: 'running' as const, healthy }];
    this.#hosts.set(id, { ...host, lastReport: at, lastSeen: at, reported });
  }
}

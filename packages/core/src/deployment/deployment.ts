import { everyone, nobody } from '../direction/cohort.ts';
import type { DeploymentId, Digest, EnvironmentId, HostId } from '../ids.ts';
import type { Version } from '../versions.ts';
import type { ReportedComponent } from '../wire/report.ts';

export const deploymentKinds = ['deploy', 'rollback', 'undeploy'] as const;
export type DeploymentKind = (typeof deploymentKinds)[number];

/** `paused` may go on; the four after it have ended. A superseded one was ended by a newer deployment of the product. */
export const deploymentStates = [
  'running',
  'paused',
  'succeeded',
  'failed',
  'aborted',
  'superseded',
] as const;
export type DeploymentState = (typeof deploymentStates)[number];

/** A number of hosts, or a share of the eligible ones (at least one host). */
export type HostCount = number | `${number}%`;

export type Strategy =
  | { readonly kind: 'all-at-once' }
  | {
      readonly kind: 'rolling';
      readonly maxUnavailable: HostCount;
      /** The deployment fails once more hosts than this have failed; absent: when no more may be unavailable. */
      readonly maxFailed?: HostCount;
    };

export interface ReleaseName {
  readonly digest: Digest;
  readonly version: Version;
}

/** A release on its way into one environment. Nothing in it grows with the number of hosts. */
export interface Deployment {
  readonly id: DeploymentId;
  readonly environment: EnvironmentId;
  readonly product: string;
  readonly kind: DeploymentKind;
  readonly from: ReleaseName | null;
  /** Null for an undeploy. */
  readonly to: ReleaseName | null;
  /** By component of the target release (of the former one for an undeploy). */
  readonly components: Readonly<Record<string, ComponentChange>>;
  readonly strategy: Strategy;
  /** b64u, fresh for each deployment, so that other hosts go first next time. */
  readonly salt: string;
  /** A deploy admits hashes at or below it and only raises it; an undeploy those above it and only lowers it. */
  readonly threshold: string;
  readonly state: DeploymentState;
  readonly reason: string | null;
  readonly purgeData: boolean;
  /** Components for which a host has no fitting variant don't count for it; absent: they fail. */
  readonly skipUnfit?: boolean;
  /** It comes outside of windows too; absent: it waits for one. */
  readonly urgent?: true;
}

export interface ComponentChange {
  /** Packages that hosts may run before: the settled release's, and those of unfinished deployments since. */
  readonly from: readonly Digest[];
  /** Null for an undeploy. */
  readonly to: Digest | null;
}

/** What is known of one host, from its own signed reports; liveness may also come from relays' summaries. */
export interface HostEvidence {
  readonly id: HostId;
  /** The deployment's components that this host is given (by its labels, or kept after relabelling). None: not eligible. */
  readonly components: readonly string[];
  /** When a decision admitted it, milliseconds since 1970. */
  readonly admittedAt: number | null;
  /** Whether a decision holds it at its former packages. */
  readonly held: boolean;
  /** Whether it says that it has the change ready and may not begin: a window, a freeze, a quota, a lock. */
  readonly keptBack: boolean;
  readonly lastReport: number | null;
  /** The newest sign of life; at least `lastReport`. */
  readonly lastSeen: number | null;
  readonly reported: readonly Pick<
    ReportedComponent,
    'component' | 'package' | 'state' | 'healthy' | 'refused'
  >[];
}

export interface AdvancePolicy {
  /** A host unseen for longer is offline: it is held, not admitted. Three report periods, less where relays see more. */
  readonly offlineAfterMs: number;
  /** An admitted host that is not done and has not reported for longer is silent. */
  readonly silentAfterMs: number;
}

export type Decision =
  | { readonly kind: 'threshold'; readonly threshold: string }
  /** Record `admittedAt` = now for these, and take back their holds. */
  | { readonly kind: 'admit'; readonly hosts: readonly HostId[] }
  /** Pin these in the host map (`heldPins`) in the same desired state that has the new threshold. */
  | { readonly kind: 'hold'; readonly hosts: readonly HostId[] }
  | { readonly kind: 'end'; readonly state: 'succeeded' | 'failed'; readonly reason: string };

/** Where a host stands in a deployment. `updating`, `failed` and `silent` hosts count as unavailable. */
export type Standing = 'waiting' | 'updating' | 'done' | 'failed' | 'silent';

export interface Progress {
  readonly eligible: number;
  readonly admitted: number;
  /** Not admitted yet, or held because they were offline. */
  readonly waiting: number;
  readonly updating: number;
  /** Of `updating`: may not begin yet, by their windows, freezes, quotas or locks. */
  readonly keptBack: number;
  readonly done: number;
  readonly failed: number;
  readonly silent: number;
  /** Of `waiting`: not seen for `offlineAfterMs`. */
  readonly offline: number;
  /** How many may be unavailable at once. */
  readonly maxUnavailable: number;
}

/** No data never passes. */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'no data';

export interface Advance {
  /** To be applied all together, or not at all. */
  readonly decisions: readonly Decision[];
  readonly progress: Progress;
  readonly verdict: Verdict;
  /** Why it stands where it stands, one sentence. */
  readonly reason: string;
}

/** The threshold that a new deployment begins with: it admits nobody. */
export function initialThreshold(kind: DeploymentKind): string {
  return kind === 'undeploy' ? everyone : nobody;
}

export function hasEnded({ state }: Pick<Deployment, 'state'>): boolean {
  return state !== 'running' && state !== 'paused';
}

import { everyone, nobody } from '../direction/cohort.ts';
import type { DeploymentId, Digest, EnvironmentId, HostId } from '../ids.ts';
import type { FailureState } from '../statistics/failures.ts';
import type { RequestState } from '../statistics/requests.ts';
import type { Version } from '../versions.ts';
import type { Passing } from '../wire/passing.ts';
import type { ReportedComponent } from '../wire/report.ts';
import type { FiguresWanted, JudgedMetric } from './figures.ts';
import type { BlueGreenStrategy, GroupsState } from './groups.ts';

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

/** What a rolling deployment and a canary keep within bounds at any time. */
export interface UpdateLimits {
  /** Within each value of the label `per` where that is given, else over all eligible hosts. */
  readonly maxUnavailable: HostCount;
  /** With `per`: over all eligible hosts besides. */
  readonly maxUnavailableInAll?: HostCount;
  /** The deployment fails once more hosts than this have failed, of all; absent: when no more may be unavailable. */
  readonly maxFailed?: HostCount;
  /** A label, such as `site`. */
  readonly per?: string;
}

/** By what an update is judged while it goes on: it is exposed in steps, and each is passed by evidence. */
export interface Judging {
  /** For how long a host has to stay healthy after its update. */
  readonly bakeSeconds: number;
  /** No step is passed before so many hosts (or all) have baked. */
  readonly minimumExposure: number;
  /** The probability of a false stop that is accepted, over the whole deployment. */
  readonly alpha: number;
  readonly onFail: 'rollback' | 'stop';
  readonly onNoData: 'ask' | 'wait';
  /** What it is judged by besides reports; absent: nothing. They share `alpha` with it in equal parts. */
  readonly metrics?: readonly JudgedMetric[];
}

/** Hosts in growing cohorts; the last is everyone. */
export interface CanaryStrategy extends UpdateLimits, Judging {
  readonly kind: 'canary';
  /** How many hosts are exposed in each step, of each value of `per`; everyone comes after them. */
  readonly steps: readonly HostCount[];
}

/** With `bakeSeconds` they are judged, and say all that a canary says of it; without it reports alone count. */
export type Strategy =
  | ({ readonly kind: 'all-at-once' } & Partial<Judging>)
  | ({ readonly kind: 'rolling' } & UpdateLimits & Partial<Judging>)
  | CanaryStrategy
  | BlueGreenStrategy;

/** The label by whose values a strategy's numbers count. */
export function labelOf(strategy: Strategy | undefined): string | undefined {
  return strategy === undefined || strategy.kind === 'all-at-once' ? undefined : strategy.per;
}

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
  /** By value of the strategy's label: the thresholds of these hosts; `threshold` is that of all others. */
  readonly strata?: Readonly<Record<string, string>>;
  /** Of one that is judged, once it has begun. */
  readonly canary?: CanaryState;
  /** Of blue/green, once it has begun; of a way back from it, while traffic goes back first. */
  readonly groups?: GroupsState;
  /** How often it was decided about: no two decisions are made from the same state. Absent: 0. */
  readonly decided?: number;
  readonly state: DeploymentState;
  readonly reason: string | null;
  readonly purgeData: boolean;
  /** Components for which a host has no fitting variant don't count for it; absent: they fail. */
  readonly skipUnfit?: boolean;
  /** It comes outside of windows too; absent: it waits for one. */
  readonly urgent?: true;
  /** In the words of who began it. What is urgent and says why goes on in a frozen environment. */
  readonly why?: string;
  /** With `urgent`: what does not hold it up; absent: windows and quotas. */
  readonly passes?: readonly Passing[];
  /** How often people said something of its single hosts: what was decided without knowing that is decided anew. Absent: 0. */
  readonly hostActs?: number;
}

/** Where a canary stands, or another deployment that is judged. All its times are here and in the marks of hosts: none begins anew with the process. */
export interface CanaryState {
  /** When it began, milliseconds since 1970. */
  readonly began: number;
  /** Counted from 0; the last is everyone. */
  readonly step: number;
  /** When that step began. */
  readonly since: number;
  /** Whether it stands because a person was asked; then, that the person said to go on with what there is. */
  readonly asked?: 'waits' | 'waived';
  /** What exposed hosts and controls showed since it began. */
  readonly failures: FailureState;
  /** The last step whose figures are in `requests`; absent: none. */
  readonly measured?: number;
  /** How many looks within the bake of `step` are over; absent, or of another step: none. */
  readonly looked?: { readonly step: number; readonly looks: number };
  /** What the strategy's metrics showed, by name. */
  readonly requests?: Readonly<Record<string, RequestState>>;
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
  /** Whether it says that it has the change ready and may not begin: a window, a freeze, a quota, a lock, a database's schema. */
  readonly keptBack: boolean;
  /** Its value of the strategy's label; null: it has none. Absent: the strategy has no label. */
  readonly stratum?: string | null;
  /** When it was first seen done, in a canary; null or absent: not yet, or it failed since. */
  readonly doneAt?: number | null;
  /** A person took it out of this deployment: it stays as it is, and is neither waited for nor counted any more. */
  readonly skipped?: true;
  /** When it was first seen failed or silent after its admission, in a canary; in others when it had failed and a person skipped it or let it try again. Stays. */
  readonly failedAt?: number | null;
  /** As what a canary watches it. Null or absent: not yet. */
  readonly watched?: Watched | null;
  readonly lastReport: number | null;
  /** Whether its last report said that it reports again at the end of its bake. Absent: it did not, or is older. */
  readonly promised?: true;
  /** The newest sign of life; at least `lastReport`. */
  readonly lastSeen: number | null;
  readonly reported: readonly Pick<
    ReportedComponent,
    'component' | 'package' | 'state' | 'healthy' | 'refused'
  >[];
}

/** `over`: it has said what it could. `stratum`: within which it is compared, also if it gets another label meanwhile. */
export interface Watched {
  readonly as: 'control' | 'exposed' | 'over';
  readonly stratum: string;
}

export interface AdvancePolicy {
  /** A host unseen for longer is offline: it is held, not admitted. Three report periods, less where relays see more. */
  readonly offlineAfterMs: number;
  /** An admitted host that is not done and has not reported for longer is silent. */
  readonly silentAfterMs: number;
  /** Who froze its environment, since when and why: a sentence. Absent: nobody did. */
  readonly frozen?: string;
}

export type Decision =
  /** `strata`: all of them, in place of those before. */
  | {
      readonly kind: 'threshold';
      readonly threshold: string;
      readonly strata?: Readonly<Record<string, string>>;
    }
  /** Record `admittedAt` = now for these, and take back their holds. */
  | { readonly kind: 'admit'; readonly hosts: readonly HostId[] }
  /** Pin these in the host map (`heldPins`) in the same desired state that has the new threshold. */
  | { readonly kind: 'hold'; readonly hosts: readonly HostId[] }
  /** Record `doneAt` = now: their bake begins. */
  | { readonly kind: 'healthy'; readonly hosts: readonly HostId[] }
  /** Record `failedAt` = now where there is none yet, and take `doneAt` back. */
  | { readonly kind: 'failed'; readonly hosts: readonly HostId[] }
  /** Record as what they are watched from now on. */
  | { readonly kind: 'watch'; readonly watched: Watched; readonly hosts: readonly HostId[] }
  /** Where a canary stands from now on; `reason` where it begins another step. */
  | { readonly kind: 'canary'; readonly canary: CanaryState; readonly reason: string | null }
  /** Where blue/green stands from now on. */
  | { readonly kind: 'groups'; readonly groups: GroupsState; readonly reason: string | null }
  /** Give traffic to this group, in the transaction of the other decisions; `number` is what traffic stands at before. */
  | { readonly kind: 'switch'; readonly to: string; readonly number: number }
  /** Pause until a person says to go on. */
  | { readonly kind: 'ask'; readonly reason: string }
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
  /** Of `done`, in a canary: not healthy for as long as it wants yet. */
  readonly baking?: number;
  /** Not among the eligible: people took them out. Absent: none. */
  readonly skipped?: number;
  /** Of them: had failed by then, which stays counted. Absent: none. */
  readonly skippedFailed?: number;
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
  /** What is to be asked of sources before it goes on; absent: nothing. */
  readonly wants?: FiguresWanted;
  /** When something may follow from time alone, milliseconds since 1970; absent: nothing that would not wait. */
  readonly due?: number;
}

/** The threshold that a new deployment begins with: it admits nobody. */
export function initialThreshold(kind: DeploymentKind): string {
  return kind === 'undeploy' ? everyone : nobody;
}

export function hasEnded({ state }: Pick<Deployment, 'state'>): boolean {
  return state !== 'running' && state !== 'paused';
}

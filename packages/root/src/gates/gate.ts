import type {
  ApprovalRule,
  ApprovalWord,
  DeploymentKind,
  EnvironmentSpec,
  ErrorCode,
  ForceableGate,
  KnownRelease,
  PackageDocument,
  Passing,
  PlanGates,
  ProductDirection,
  Unfit,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';

/** The plan by which it would come, as far as one environment is concerned. */
export interface CandidatePlan {
  readonly id: string;
  readonly digest: string;
  /** As whom its author counts. */
  readonly author: string;
  /** Of its stage, besides the environment's own. */
  readonly rules: readonly ApprovalRule[];
  readonly fourEyes: boolean;
  /** What its stage demands, besides the environment's own policy. */
  readonly gates: PlanGates;
  /** That count in this environment now. */
  readonly words: readonly ApprovalWord[];
}

/** A release that would come to an environment, and what is known where it would come to. */
export interface Candidate {
  readonly kind: DeploymentKind;
  readonly product: string;
  /** Null for an undeploy. */
  readonly target: KnownRelease | null;
  /** As it would be: a product that it does not map yet, or maps to one release, is mapped to this one. */
  readonly environment: EnvironmentRow;
  readonly spec: EnvironmentSpec;
  readonly directions: readonly ProductDirection[];
  /** Of `directions`. */
  readonly direction: ProductDirection;
  /** Of the target, then those of other products that run or will run there. */
  readonly packages: readonly PackageDocument[];
  /** To what ran there before: no rule that came since may hold up who undoes a bad release at night. */
  readonly isWayBack: boolean;
  /** Hosts that the target has no fitting variant for, and whether they are left out. */
  readonly unfit: readonly Unfit[];
  readonly skipUnfit: boolean;
  /** Null: it was not planned. */
  readonly plan: CandidatePlan | null;
  /** Somebody asked for it in spite of what time demands, and why, where they said so. */
  readonly urgent: boolean;
  readonly why: string | null;
  /** The change ticket that it belongs to. */
  readonly change: string | null;
  /** Gates that would be passed though they are closed. */
  readonly forces: readonly ForceableGate[];
  /** What of the hosts' own holds it would pass by name. */
  readonly passes: readonly Passing[];
  readonly nowMs: number;
}

/** One condition without which a release does not begin to come to an environment. */
export interface Gate {
  readonly name: string;
  /** With which of its errors the gate is closed; any other one is a fault. */
  readonly codes: readonly ErrorCode[];
  /** Whether it has anything to say about this candidate. */
  concerns(candidate: Candidate): boolean;
  /**
   * Looks. Writes nothing.
   * @returns what it saw, one sentence, if it is open
   * @throws XylemError one of `codes`, with what is in the way and what to do, if it is closed
   */
  look(trx: Database, candidate: Candidate): Promise<string>;
}

/** The target of a candidate that has one: what `concerns` asks for. */
export function targetOf({ target }: Candidate): KnownRelease {
  if (target === null) throw new TypeError('a gate looked at an undeploy');
  return target;
}

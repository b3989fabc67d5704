import type { Digest, DomainId } from '@xylem/core';
import type { AdoptSource } from '../adopt/adoptions.ts';
import type { Side } from '../drivers/service/sides.ts';
import type { Placed, Refusal } from '../slot/placed.ts';
import type { ComponentKind, StepKind } from './points.ts';

interface StepContents {
  reserve: { readonly sizeBytes: number };
  /** `from`: a folder of others that may hold its files already. `adopts`: what its driver can lay out as such a folder. */
  fetch: {
    readonly domain: DomainId;
    readonly tree: Digest;
    readonly from?: string;
    readonly adopts?: AdoptSource;
    /** What it brings may not begin yet: others come first. */
    readonly isAhead?: true;
  };
  /** Puts the fetched tree in place, or verifies that one kept from before is still as it was. */
  stage: { readonly tree: Digest };
  /** Takes over what runs, where all of it is as `target` says. */
  adopt: { readonly target: Placed; readonly source: AdoptSource };
  preflight: { readonly target: Placed; readonly side?: Side };
  /** `of`: the kind that the component had, where one of another kind comes in its place. `service`: which of several of the component; absent: the one that has its name. */
  stop: { readonly stopTimeoutMs: number; readonly service?: string; readonly of?: ComponentKind };
  /** Takes back what `apply` of the same kind brought into the machine; `of` as above. */
  unapply: { readonly placed: Placed | null; readonly of?: ComponentKind };
  switch: { readonly tree: Digest };
  /** Brings what lies outside of the slot (packages, rendered files, what a command manages) to what `target` says. */
  apply: { readonly target: Placed };
  /** Has the host started anew where what was applied asks for it, and it was not since. */
  reboot: { readonly target: Placed };
  /** `side`: as which of two instances. */
  start: { readonly target: Placed; readonly side?: Side };
  /** Absent `as`: it is tried for the first time. `known`: it was committed. `warm`: it was kept running for a return. */
  probe: { readonly target: Placed; readonly side?: Side; readonly as?: 'known' | 'warm' };
  /** Puts new traffic to that side. */
  route: { readonly target: Placed; readonly side: Side };
  /** Waits for what is still with the other side; `bake`: that one then stays for a return. */
  drain: {
    readonly target: Placed;
    readonly from: Side;
    readonly fingerprint: string;
    readonly bake: boolean;
  };
  commit: { readonly target: Placed; readonly previous: readonly Placed[] };
  /** Removes what stands in `trees/` and belongs to none of these. */
  retire: { readonly keep: readonly Digest[] };
  /** Gives back what was adopted, or was begun to be: nothing of it ends. */
  disown: Record<never, never>;
  revert: { readonly refusal: Refusal };
  /** Removes everything but data, and the record too unless it says what was refused. */
  remove: { readonly keepRecord: boolean };
  purge: Record<never, never>;
}

/** One thing to do about one component. Doing it again does no harm. */
export type Step<K extends StepKind = StepKind> = { [P in K]: { readonly kind: P } & StepContents[P] }[K];

export type Action =
  | 'adopt'
  | 'disown'
  | 'install'
  | 'update'
  | 'restore'
  | 'repair'
  | 'remove'
  | 'park'
  | 'purge'
  | 'tidy'
  | 'fetch-ahead';

/** What one component's slot needs, in order. */
export interface SlotPlan {
  readonly component: string;
  /** Whose driver acts. */
  readonly kind: ComponentKind;
  readonly action: Action;
  /** What it leads to; null when it leads to nothing. */
  readonly target: Placed | null;
  /** It leads to a version that this host keeps from before. */
  readonly isReturn: boolean;
  /** What was committed and is what runs, whose hooks stand around its end; null: nothing, or something on trial. */
  readonly outgoing: Placed | null;
  readonly steps: readonly Step[];
  /** Who else than this agent must have been at work, where what was committed is not there; else null. */
  readonly drift: string | null;
}

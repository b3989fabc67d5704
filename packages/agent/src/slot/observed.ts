import type { Digest } from '@xylem/core';
import type { Reason } from '../converge/goal.ts';
import type { ComponentKind } from '../converge/points.ts';
import type { Placed } from './placed.ts';
import type { SlotRecord } from './record.ts';

/** What a driver found running of a component. */
export interface Running {
  readonly kind: ComponentKind;
  readonly tree: string;
  /** The driver's own digest of how it was started. */
  readonly fingerprint: string;
  /** False between a crash and the supervisor's next try. */
  readonly alive: boolean;
  /** Names this very process, empty while there is none: what was known of the health of another does not count. */
  readonly instance: string;
  /** How it ended by itself lately, in a few words; absent while it runs well. */
  readonly ended?: string;
  /** Its supervisor was started anew, and has nothing of what is sealed for it. */
  readonly wantsSecrets?: boolean;
  /** What of it lies outside of the slot, where that is more than a process. */
  readonly applied?: Placed;
  /** What somebody else changed in that. */
  readonly drift?: string;
  /** What a report says of it although it is in effect; absent: nothing. */
  readonly notes?: readonly Reason[];
  /** Under which its supervisor keeps it (`ServiceSpec.instance`); absent: the component's own name. */
  readonly service?: string;
  /** Other instances of the component that run: one that is being tried, or is kept warm. */
  readonly beside?: readonly Running[];
  /** Whose it is, where the slot's record may not say it. */
  readonly placed?: Placed;
  /** What somebody else changed of what was committed, in a few words; absent: nothing. */
  readonly differs?: string;
  /** What keeps it from being looked at; absent: nothing. */
  readonly wrong?: Reason;
  /** Where the router of what was committed leads; absent where that has none. */
  readonly route?: ObservedRoute;
  /** What was left running for a return. */
  readonly warm?: ObservedWarm;
}

/** What a router said when it was asked just now: the port that new connections go to, null for none, or why it did not say. */
export type ObservedRoute = { readonly port: number | null } | { readonly fault: string };

export interface ObservedWarm {
  readonly service: string;
  readonly fingerprint: string;
  /** Until its bake ends; 0 or less: it has. */
  readonly leftMs: number;
}

/** What is true of one component's slot, as looked at just now. */
export interface ObservedSlot {
  readonly component: string;
  readonly record: SlotRecord | null;
  /** Where `current` points to. */
  readonly current: Digest | null;
  /** Whole trees in place. */
  readonly trees: readonly Digest[];
  /** Begun, or half removed; an empty string for what belongs to no tree. */
  readonly partials: readonly string[];
  readonly running: Running | null;
  readonly hasData: boolean;
}

/** A component that was never here. */
export function emptySlot(component: string): ObservedSlot {
  return { component, record: null, current: null, trees: [], partials: [], running: null, hasData: false };
}

/** Whether anything but data is there. */
export function isOccupied(slot: ObservedSlot): boolean {
  return (
    slot.record !== null ||
    slot.current !== null ||
    slot.running !== null ||
    slot.trees.length > 0 ||
    slot.partials.length > 0
  );
}

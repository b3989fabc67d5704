import type { Digest } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { AdoptSource } from '../adopt/adoptions.ts';
import type { Difference } from '../adopt/differences.ts';
import type { ComponentKind, StepKind } from '../converge/points.ts';
import type { Step } from '../converge/steps.ts';
import type { OpensSecrets } from '../secrets/secrets.ts';
import type { ObservedSlot, Running } from '../slot/observed.ts';
import type { Placed } from '../slot/placed.ts';
import type { SlotRecord } from '../slot/record.ts';
import type { StateLayout } from '../state/layout.ts';
import type { Supervisor } from '../supervisor/client.ts';
import type { AgentProcess } from '../update/process.ts';

export type DriverStepKind =
  | 'preflight'
  | 'stop'
  | 'unapply'
  | 'apply'
  | 'reboot'
  | 'start'
  | 'probe'
  | 'route'
  | 'drain';

/** Where a component's placeholders lead: given, so that plans are pure. */
export interface Places {
  readonly layout: StateLayout;
  /** For `${node}`. */
  readonly node: string;
  /** For `${port}`: of which of two instances; absent where none is meant. */
  readonly port?: number | undefined;
}

/** What drivers act with. */
export interface DriverTools extends Places {
  readonly supervisor: Supervisor;
  /** See `AgentOptions.forwarderCommand`. */
  readonly forwarderCommand?: readonly string[] | undefined;
  readonly secrets: OpensSecrets;
  /** The process that all of this runs in. */
  readonly self: AgentProcess;
  /** Another place of the local policy, for tests. */
  readonly policyPath?: string;
  /** See `RunTools`. */
  readonly isOnlooker?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export type StepAction<K extends DriverStepKind> = (
  step: Step<K>,
  component: string,
  tools: DriverTools,
) => Promise<void>;

/**
 * Removes what lies outside of the slot for trees that are about to go: all but those of `keep`. Called for every kind,
 * since a component may have been of another one; to be quick where there is nothing. Can be repeated.
 */
export type Clear = (component: string, keep: readonly Digest[], tools: DriverTools) => Promise<void>;

/** Everything that depends on a component's kind. */
export interface Driver {
  /**
   * Before anything is fetched: whether this host can run it as its package and configuration say. Pure.
   * @throws XylemError E_PLACEHOLDER, E_NOT_VOUCHED, E_PACKAGE_INVALID, E_DRIVER_UNSUPPORTED
   */
  readonly check?: (placed: Placed, places: Places) => void;
  /**
   * What of this kind really runs or is applied, by component. `records`: what each slot remembers. `folders`: the
   * names in each component's folder, so that what is not there is not looked for.
   */
  observe(
    tools: DriverTools,
    records: ReadonlyMap<string, SlotRecord>,
    folders: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<ReadonlyMap<string, Running>>;
  readonly plan: DriverPlan;
  /** Absent: what others run of this kind can't be taken over. */
  readonly adoption?: DriverAdoption;
  readonly clear?: Clear;
  /** Those that its plans return. */
  readonly apply: { readonly [K in DriverStepKind]?: StepAction<K> };
}

/** How what others set up becomes a component, and is given back (docs/spec/adoption.md). */
export interface DriverAdoption {
  /** Those of its ordinary steps that an adoption takes besides bringing the tree. */
  readonly keeps: readonly StepKind[];
  /** Those of `keeps` that the adoption of this package does without. Absent: none. */
  readonly omits?: (target: Placed) => readonly StepKind[];
  /** Why this package can't be adopted at all by such an agent, or null. Pure. */
  refusal(target: Placed, source: AdoptSource, tools: DriverTools): string | null;
  /** What is at the places that it names, in a few words each. Reads only. */
  found(target: Placed, source: AdoptSource, tools: DriverTools): Promise<string[]>;
  /**
   * A folder with as much of the tree as what runs holds, for a host that need not fetch it then. Null: none; absent:
   * there is never any.
   */
  layOut?(component: string, source: AdoptSource, tools: DriverTools): Promise<string | null>;
  clearLaidOut?(component: string, tools: DriverTools): Promise<void>;
  /**
   * What is not as `target` says, but for the tree in `source.path`. Changes nothing that runs; called only where an order
   * stands, also before its tree is in place.
   */
  compare(target: Placed, source: AdoptSource, tools: DriverTools): Promise<Difference[]>;
  /** Can be repeated. */
  takeOver(target: Placed, source: AdoptSource, tools: DriverTools): Promise<void>;
  /** Nothing ends. Can be repeated. @throws XylemError E_CONFLICT where there is nothing to go back to */
  giveBack(component: string, tools: DriverTools): Promise<void>;
}

/** The kind's own part of a plan. Pure. */
export interface DriverPlan {
  /**
   * From what is to `target`, whose tree is in place; empty when it runs already. `committed`: it was probed before.
   * @throws XylemError E_PLACEHOLDER for a command that its configuration can't fill
   */
  toRun(
    slot: ObservedSlot,
    target: Placed,
    committed: boolean,
    places: Places,
  ): Step<DriverStepKind | 'switch'>[];
  /** Ends what runs, before its tree goes. */
  toEnd(slot: ObservedSlot): Step<'stop' | 'unapply'>[];
}

export type Drivers = { readonly [K in ComponentKind]: Driver };

import type {
  DesiredState,
  ErrorCode,
  HostMapEntry,
  HostProbe,
  MigrationOrder,
  PreflightOrder,
  Revoked,
  TransitionGraph,
  Version,
} from '@xylem/core';
import type { DirectedMoments } from '../moments/judge.ts';
import type { Placed } from '../slot/placed.ts';
import type { OrderedPackage } from './ordered.ts';
import type { QuarantineMemory } from './quarantine.ts';

/** A component that direction gives to this host and that can't be taken: it stays as it is. */
export interface Held {
  readonly component: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A release that lies on the way to another. */
export interface Waypoint {
  readonly version: Version;
  /** Of all that its release holds, here or on other hosts; null: that could not be verified. */
  readonly components: readonly string[] | null;
  readonly placed: readonly Placed[];
  /** What of it can't be taken, and why. */
  readonly held: readonly Held[];
}

/** Which ways lead to what direction gives of a product. */
export interface DirectedTransitions {
  readonly product: string;
  /** By the publisher's word. */
  readonly graph: TransitionGraph;
  /** That direction offers, in ascending order. */
  readonly through: readonly Waypoint[];
}

/** What this host should run, by an accepted desired state. */
export interface WantedState {
  /** Version of the direction repository's snapshot. */
  readonly snapshot: number;
  readonly number: number;
  /** In the order of installation. */
  readonly components: readonly Placed[];
  readonly held: readonly Held[];
  readonly purge: readonly string[];
  readonly keepPrevious: number;
  /** The shapes of databases; absent: direction says nothing of any. */
  readonly schemas?: DesiredState['schemas'];
  /** Of products whose publishers say something of them; absent: of none. */
  readonly transitions?: readonly DirectedTransitions[];
  /** What binds the moment of a change; absent: any moment will do. */
  readonly moments?: DirectedMoments;
}

/** What this host is to do as the runner of a migration, with the package whose programs do it. */
export type OrderedMigration = { readonly order: MigrationOrder } & OrderedPackage;

/** A package that this host is to look at before it is directed. */
export type OrderedPreflight = { readonly order: PreflightOrder } & OrderedPackage;

/** All that an agent keeps of direction for the next start without any parent. */
export interface Accepted extends WantedState {
  readonly environmentName: string;
  /** Why this host takes nothing at all; absent when it does. */
  readonly frozen?: { readonly code: ErrorCode; readonly message: string };
  /** Absent: as docs/spec/lifetimes.md says. */
  readonly lockAtMostSeconds?: number;
  /** `report`: what others changed is said, and stays as it is; absent: it is put back. */
  readonly drift?: 'report';
  /** What it asks of addresses; absent: nothing. */
  readonly probes?: readonly HostProbe[];
  readonly reportEverySeconds: number;
  /** b64u of the raw key. */
  readonly collectorKey: string;
  readonly entry: HostMapEntry;
  /** Absent: this host is no runner. */
  readonly migrations?: readonly OrderedMigration[];
  /** Absent: none. */
  readonly preflights?: readonly OrderedPreflight[];
  /** Whom this host speaks with no more; absent: nobody. */
  readonly revoked?: readonly Revoked[];
  /** What it knows as quarantined, and whose word lifts it; absent: nothing of both. */
  readonly quarantine?: QuarantineMemory;
  /** What of quarantines and lifts this host refused; absent: nothing. */
  readonly quarantineFault?: { readonly code: ErrorCode; readonly message: string };
  /** Release repository to the snapshot version used. */
  readonly releases: Readonly<Record<string, number>>;
  /** Product role's highest floor ever seen, by `<repository>/<product>`. */
  readonly floors: Readonly<Record<string, string>>;
}

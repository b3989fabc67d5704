import type { EnvironmentId, ErrorCode, HostId, Time } from '@xylem/core';
import type { Clock, HttpClient, Log, Randomness } from '@xylem/platform';
import type { LimitedLinks, LinkTraffic } from '@xylem/platform/serving';
import type { Identity } from '@xylem/trust';

/** Durations and bounds that tests shorten; most of the defaults stand in docs/spec/lifetimes.md. */
export interface RelayTiming {
  /** How long this relay holds a child's news request. */
  readonly holdMs: number;
  /** Its own end of a request for news that a parent holds: after so long without a byte, and twice as long for the whole. */
  readonly newsHoldMs: number;
  /** A timestamp and what a parent says of the nodes around are small: a parent that has not given one whole after so long is left. */
  readonly timestampMs: number;
  /** Poll of timestamp.json where the parent can't hold news, before jitter of 20 %. */
  readonly pollMs: number;
  /** First pause after a failed request upwards; doubles to `retryMaxMs`, full jitter. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** A timestamp this old is fetched anew; a parent that has none newer than `parentStaleMs` counts as stale. */
  readonly timestampOldMs: number;
  readonly parentStaleMs: number;
  /** How often another parent is asked what it shows, half more or less; and for how long the one in use may show less. */
  readonly secondLookMs: number;
  readonly parentBehindMs: number;
  /** A relay that has heard nothing of the root server for longer is cut off. */
  readonly cutOffMs: number;
  /** How often it is looked whether all that is served still lies on the disk, half more or less. */
  readonly diskLookMs: number;
  /** How often it is looked what is free on the disk. */
  readonly roomLookMs: number;
  /** An environment is followed for so long after a child last asked for it. */
  readonly followMs: number;
  /** What no desired state refers to any more is removed so long after the change. */
  readonly pruneGraceMs: number;
  /** A child that asks for an object that is just being fetched waits at most so long. */
  readonly waitForFlightMs: number;
  /** A relay of the same site that asks for an object waits here for its first byte so long, before it asks again; where nothing of the domain is being fetched, `siblingIdleMs`. */
  readonly siblingHoldMs: number;
  readonly siblingIdleMs: number;
  /** A relay of the same site that has given no byte of an object, or not all of it, is passed over after. */
  readonly siblingWaitMs: number;
  readonly siblingMostMs: number;
  /** One that was passed over is not asked for so long; doubles. */
  readonly siblingLeftMs: number;
  /** Reports that arrive within so long go up together. */
  readonly reportBatchMs: number;
  /** A batch goes up no sooner than so long after the one before it, unless very many wait. */
  readonly reportPaceMs: number;
  /**
   * From when a parent took a report until its watermark is looked for there; it is sent again after six times as long,
   * and at once where nobody can be asked. Doubles with each time it is sent, to `reportRetryMaxMs` before the next.
   */
  readonly reportRetryFirstMs: number;
  readonly reportRetryMaxMs: number;
  /** `/join` and `/renew` upwards, all parents together. */
  readonly forwardTimeoutMs: number;
  /** How long an expired certificate is still served. */
  readonly certificateGraceMs: number;
}

export interface RelayOptions {
  /** The host's state folder (docs/spec/local.md). The relay's own state lies below `relay/`. */
  readonly stateFolder: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** What children dial. Default: `https://<listen.host>:<port>`. */
  readonly url?: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** Who this host is now. Default: read from the state folder, and again when its certificate is renewed. */
  readonly identity?: () => Identity;
  /** Where to pull from, in order. Default, and for null: as the host map says, else as the host joined. */
  readonly parents?: () => readonly string[] | null;
  /** Whether relays of the same site are asked for objects before the parents. Default: true. */
  readonly siblings?: boolean;
  /** For requests upwards. Default: one of its own, with this host's certificate. */
  readonly http?: HttpClient;
  /** Environment with HTTPS_PROXY and the like, for the default `http`. */
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
  readonly timing?: Partial<RelayTiming>;
  /** Most connections at once. Default 20,000. */
  readonly maxConnections?: number;
  /** What is to stay free on the disk of the state folder: with less the relay says that it is full. Default 8 MiB. */
  readonly reserveBytes?: number;
  /** What its links may carry. Default: as much as comes. */
  readonly links?: LimitedLinks;
  /** Called when what `serving` says about faults has changed: the host's report is due. */
  readonly onFaultsChanged?: () => void;
}

/** What keeps the relay from its work now; gone from the status when it works again. */
export interface RelayFault {
  readonly environment: EnvironmentId | null;
  readonly code: ErrorCode;
  readonly message: string;
  readonly since: Time;
}

export interface RelayStatus {
  readonly url: string;
  /** Who asked here in the last 24 hours. */
  readonly children: readonly { readonly host: HostId; readonly lastSeen: Time }[];
  readonly followed: readonly {
    readonly environment: EnvironmentId;
    /** Version of the direction snapshot that children are given; 0: none yet. */
    readonly snapshot: number;
  }[];
  /** Reports that wait for the root server's watermark. */
  readonly spooledReports: number;
  /** Of the last day: reports that newer ones of the same host replaced here before a parent had taken them. */
  readonly supersededReports: number;
  /** The same since the spool was made. */
  readonly supersededReportsTotal: number;
  /** Objects that were thrown away: a parent gave them wrong, or this relay's own disk had damaged them. */
  readonly refusedObjects: number;
  /** How long ago the root server was heard of; null: not known. */
  readonly sinceRootMs: number | null;
  readonly faults: readonly RelayFault[];
}

/** What the report of this host says about its relay. */
export interface RelayServing
  extends Pick<
    RelayStatus,
    'url' | 'children' | 'refusedObjects' | 'supersededReports' | 'supersededReportsTotal'
  > {
  /** Of this relay: who gave it something last. */
  readonly parent: { readonly url: string; readonly host: HostId | null } | null;
  readonly carried: () => readonly LinkTraffic[];
  /** One for each kind of fault. */
  readonly faults: readonly Pick<RelayFault, 'code' | 'message'>[];
}

export interface RunningRelay {
  readonly url: string;
  /** Where this machine reaches it, whatever children dial. */
  readonly localUrl: string;
  readonly port: number;
  status(): RelayStatus;
  /** The parents are others, or others come first: whoever holds a question is not waited for. */
  parentsChanged(): void;
  /** For the agent's report: `runAgent({ serving: () => relay.serving() })`. */
  serving(): RelayServing;
  /** Settles when the relay has ended; rejects with the fault that ended it. */
  readonly stopped: Promise<void>;
  /** Answers held requests, ends transfers (which resume later) and closes the port. Repeatable. */
  close(): Promise<void>;
}

import type { ErrorCode } from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import type { LimitedLinks, LinkTraffic } from '@xylem/platform/serving';
import type { ComparisonTiming } from '@xylem/store';
import type { JournalPoint } from './converge/points.ts';
import type { WipePoint } from './leaving/wipe.ts';
import type { CurrentParent } from './parents/parents.ts';
import type { LaunchedFrom } from './update/process.ts';

/** What a relay in the same process adds to this host's reports. */
export interface Serving {
  readonly url: string;
  readonly children: readonly { readonly host: string; readonly lastSeen: string }[];
  /** Of the relay: what is reported of a host that pulls from the relay of its own. */
  readonly parent?: CurrentParent | null;
  /** What keeps the relay from its work: reported as what this host waits for. */
  readonly faults?: readonly { readonly code: ErrorCode; readonly message: string }[];
  /** Objects that its parents gave it and that it threw away. */
  readonly refusedObjects?: number;
  /** Of its children, in the last day: reports that newer ones replaced before a parent had taken them. */
  readonly supersededReports?: number;
  /** The same since the relay's spool was made. */
  readonly supersededReportsTotal?: number;
  /** What its children's links carried (docs/spec/bandwidth.md): summed up for a report alone. */
  readonly carried?: () => readonly LinkTraffic[];
}

/** Durations that tests shorten; the defaults stand in docs/spec/lifetimes.md and docs/spec/local.md. */
export interface AgentTiming {
  /** Poll of timestamp.json where news can't be held, before jitter of 20 %. */
  readonly pollMs: number;
  /** Client-side end of a held news request. */
  readonly newsHoldMs: number;
  /** News is asked for again once what was heard is done and reported, at the latest after so long. */
  readonly newsAfterWorkMs: number;
  /** A timestamp and an answer to news are small: a parent that has not given one whole after so long is left. */
  readonly timestampMs: number;
  /** First pause after a failed request; doubles to `retryMaxMs`, full jitter. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How often the first parent is tried again while another serves. */
  readonly returnToFirstMs: number;
  /** A parent whose timestamp is not renewed for so long counts as stale. */
  readonly staleParentMs: number;
  /** How often another parent is asked what it shows, half more or less; and for how long the one in use may show less. */
  readonly secondLookMs: number;
  readonly parentBehindMs: number;
  /** When a parent's rate is compared with that of another. */
  readonly comparison: ComparisonTiming;
  /** Changes within so long become one report. */
  readonly reportCoalesceMs: number;
  /** First pause before a report that nobody took is sent again; doubles to `reportRetryMaxMs`. */
  readonly reportRetryMinMs: number;
  /** The same for one that was taken: first it is looked whether a watermark covers it. */
  readonly reportLookMs: number;
  /** What was given is reported before it was looked after if that takes longer. */
  readonly reportWorkMs: number;
  readonly reportRetryMaxMs: number;
  /** Pause before a slot that failed for a passing reason (disk full, parent dead) is tried again; doubles to 32 times. */
  readonly slotRetryMs: number;
  /** How often what really runs is looked at when nothing happens. */
  readonly observeMs: number;
  /** How often each file of what is installed is looked at. */
  readonly driftMs: number;
  /** Looking at files takes at most this share of the time, however many there are. */
  readonly driftShare: number;
}

export interface AgentOptions {
  /** The folder of docs/spec/local.md, made by `joinHost`. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Ends the agent; services go on. */
  readonly signal?: AbortSignal;
  /** The command that starts a supervisor for this state folder: it must call `runSupervisor`. */
  readonly supervisorCommand: readonly string[];
  /** The command that starts a forwarder for this state folder: it must call `runForwarder`. Absent: there is none. */
  readonly forwarderCommand?: readonly string[];
  /** Services become units of this host's systemd (docs/components/service.md). Default: the built-in supervisor's. */
  readonly systemd?: boolean;
  /** Version of this program, for reports. */
  readonly agentVersion?: string;
  /** The Node that `${node}` stands for. Default: the one that runs the agent. */
  readonly node?: string;
  /** Environment with HTTPS_PROXY and the like for requests to parents. */
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
  /** Tried before the parents that the operator named: the relay of this very host, so that objects cross the link once. */
  readonly parentsFirst?: () => readonly string[];
  /** What its links may carry, as a relay's too; it is told what direction says. Default: as much as comes. */
  readonly links?: LimitedLinks;
  /** Asked for each report while this host is a relay too. */
  readonly serving?: () => Serving | null;
  /** What a launcher said to this process, so that the agent can be replaced. Default: no launcher. */
  readonly launched?: LaunchedFrom;
  /** Called when direction and the certificate both say that this host serves, and when one no longer does; at start too. */
  readonly onServeChange?: (serve: boolean) => void;
  /** Called when another parent passed its test and comes first from now on. */
  readonly onParentsChange?: () => void;
  /** For crash tests: called, and awaited, at each point of `journalPoints`. */
  readonly onJournalPoint?: (point: JournalPoint) => void | Promise<void>;
  /** For crash tests of a move to another tenant. */
  readonly onWipePoint?: (point: WipePoint) => void | Promise<void>;
  readonly timing?: Partial<AgentTiming>;
  /**
   * Use parents with http:// beyond loopback, and send them reports: from now on, also at later starts. What such
   * parents give is verified like all else; who listens on the way hears it.
   */
  readonly allowPlainHttp?: boolean;
}

/** A running agent, for the program that started it. */
export interface RunningAgent {
  readonly host: string;
  readonly environment: string;
  /** Settles when the agent has ended: by its signal or `stop`, or rejects with the fault that ended it. */
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
  status(): AgentStatus;
  /** Whom it pulls from, in order: by direction, as far as it was tested, else as it joined. For its relay. */
  parents(): readonly string[];
  /** Says that what the relay would report has changed. */
  reportSoon(): void;
}

/** What the agent knows now; its newest report without the signature. */
export interface AgentStatus {
  /** Parent in use, null while none answers. */
  readonly parent: string | null;
  /** Snapshot version and number of the accepted desired state; null before the first. */
  readonly direction: { readonly snapshot: number; readonly number: number } | null;
  /** True when nothing is left to do about the accepted desired state and nothing waits. */
  readonly converged: boolean;
  readonly waiting: readonly {
    readonly component: string | null;
    readonly code: string;
    readonly message: string;
  }[];
}

export interface JoinOptions {
  /** A node's `https://host:port`. */
  readonly url: string;
  readonly token: string;
  readonly stateFolder: string;
  readonly name: string;
  readonly serve: boolean;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Parents with http:// may be used later. */
  readonly allowPlainHttp?: boolean;
  /** Who has this host only observe, as its system names them (docs/spec/adoption.md). */
  readonly observedBy?: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
}

export interface RotateKeyOptions extends Pick<JoinOptions, 'stateFolder' | 'clock' | 'randomness' | 'log'> {
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
  /** How long a running agent is waited for. */
  readonly waitMs: number;
}

export interface Joined {
  /** It changes nothing of itself: by this joining or one before. */
  readonly observes: boolean;
  readonly host: string;
  readonly environment: { readonly id: string; readonly name: string };
  readonly parents: readonly string[];
}

export interface SupervisorOptions {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** Without services and connections for so long, it ends. Default 60,000 ms. */
  readonly idleMs?: number;
}

import { type Static, Type } from 'typebox';
import {
  ChangeTicket,
  Count,
  DeadlineSeconds,
  DigestText,
  EnvironmentName,
  EnvironmentPattern,
  EnvironmentRef,
  EnvironmentWhere,
  Name,
  Nullable,
  Passes,
  Reason,
  Strict,
  Time,
  Version,
} from './common.ts';
import { Behind } from './laggards.ts';
import { ProbeState } from './verification.ts';

const HostCount = Type.Union([
  Type.Integer({ minimum: 0 }),
  Type.String({ pattern: '^([1-9][0-9]?|100)%$', description: 'of the eligible hosts, at least one' }),
]);
const limits = {
  /** Default: the environment's policy. */
  maxUnavailable: Type.Optional(HostCount),
  /** More failed hosts than this end the deployment; default: when no more may be unavailable. */
  maxFailed: Type.Optional(HostCount),
  /** A label, such as site: the limits (and a canary's steps) count within each of its values. */
  per: Type.Optional(Type.String({ minLength: 1, maxLength: 127 })),
  /** With `per`: over all hosts besides. */
  maxUnavailableInAll: Type.Optional(HostCount),
};
const judging = {
  bakeSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000 })),
  minimumExposure: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  /** The probability of a false stop that is accepted. */
  alpha: Type.Optional(Type.Number({ minimum: 0.0001, maximum: 0.5 })),
  onFail: Type.Optional(Type.Enum(['rollback', 'stop'] as const)),
  onNoData: Type.Optional(Type.Enum(['ask', 'wait'] as const)),
};
/** Where none is given: the environment's policy, else what suits the number of hosts (docs/deploy.md). */
export const Strategy = Type.Union([
  Strict({ kind: Type.Literal('all-at-once'), ...judging }),
  Strict({ kind: Type.Literal('rolling'), ...limits, ...judging }),
  Strict({
    kind: Type.Literal('canary'),
    ...limits,
    steps: Type.Optional(Type.Array(HostCount, { minItems: 1, maxItems: 8 })),
    ...judging,
  }),
  Strict({
    kind: Type.Literal('blue-green'),
    /** Within each group; default: all of it. */
    maxUnavailable: Type.Optional(HostCount),
    /** More failed hosts of a group than this end it; default: a tenth of it, less one. */
    maxFailed: Type.Optional(HostCount),
    /** For how long the group that traffic has left stays as it is. */
    keepSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000 })),
    /** How long balancers may take to report that they have switched. */
    switchSeconds: Type.Optional(Type.Integer({ minimum: 10, maximum: 86_400 })),
    ...judging,
  }),
]);
export type Strategy = Static<typeof Strategy>;

const deploymentKinds = ['deploy', 'rollback', 'undeploy'] as const;
const deploymentStates = ['running', 'paused', 'succeeded', 'failed', 'aborted', 'superseded'] as const;

/**
 * `version` or `channel` names the release of a `deploy`, or `from`: what is settled in that environment (with `version`:
 * and it must be this one); a `rollback` goes to the release that the environment ran
 * before, or to `version`. One deployment is made for each environment that the patterns and `where` fit.
 * `urgent`: outside of windows too; a rollback always is. In a frozen environment it has to give a `reason`.
 * `dryRun`: say which environments and how many hosts, make nothing.
 */
export const DeploymentCreate = Strict({
  kind: Type.Enum(deploymentKinds),
  product: Name,
  version: Type.Optional(Version),
  channel: Type.Optional(Name),
  from: Type.Optional(EnvironmentName),
  environments: Type.Array(EnvironmentPattern, { minItems: 1, maxItems: 1000 }),
  where: Type.Optional(EnvironmentWhere),
  strategy: Type.Optional(Strategy),
  purgeData: Type.Optional(Type.Boolean()),
  /** Of a `deploy`: hosts without a fitting variant keep what they run, and the others go on. */
  skipUnfit: Type.Optional(Type.Boolean()),
  urgent: Type.Optional(Type.Boolean()),
  reason: Type.Optional(Reason),
  /** A change ticket, where the environment demands one. */
  change: Type.Optional(ChangeTicket),
  passes: Type.Optional(Passes),
  deadlineSeconds: Type.Optional(DeadlineSeconds),
  dryRun: Type.Optional(Type.Boolean()),
});
export type DeploymentCreate = Static<typeof DeploymentCreate>;

/** Hosts of a deployment counted: every eligible host is in exactly one of the last five. */
const Progress = Strict({
  eligible: Count,
  admitted: Count,
  waiting: Count,
  updating: Count,
  /** Of `updating`: have it ready, and may not begin before a window, freeze, quota, lock or database allows it. Absent: said by an older root server. */
  keptBack: Type.Optional(Count),
  done: Count,
  failed: Count,
  silent: Count,
  /** Of `waiting`: not seen for so long that they are held until they return. */
  offline: Count,
  /** How many may be unavailable (updating, failed or silent) at once. */
  maxUnavailable: Count,
  /** Of `done`, in a canary: not healthy for as long as it wants yet. */
  baking: Type.Optional(Count),
  /** Not among the eligible: people took them out. */
  skipped: Type.Optional(Count),
  /** Of them: had failed by then, which stays counted. */
  skippedFailed: Type.Optional(Count),
});
export type Progress = Static<typeof Progress>;

/** Where a canary, or another deployment that is judged, stands that has begun. */
const CanaryStanding = Strict({
  /** From 1 on; the last is everyone. */
  step: Count,
  steps: Count,
  exposed: Count,
  bakingUntil: Nullable(Time),
  evidence: Type.Number({ description: 'how many times likelier what was seen is if the release does harm' }),
  threshold: Type.Number({ description: 'it fails once the evidence has come to this' }),
});

/** Of blue/green, and of a way back from it. */
const GroupsStanding = Strict({
  phase: Type.Enum(['idle', 'switching', 'watching', 'kept', 'second', 'returning', 'returned'] as const),
  /** The group that is updated first, without traffic. */
  idle: Type.String(),
  /** The group that had traffic when it began. */
  serving: Type.String(),
  since: Time,
  /** When the phase is over by time alone. */
  until: Nullable(Time),
  /** What its traffic is; null: it has ended, or has no switch. */
  traffic: Nullable(
    Strict({
      serving: Type.String(),
      balancers: Count,
      applied: Count,
      behind: Type.Array(Type.String(), { description: 'names of some that have not reported it' }),
    }),
  ),
});

/** How it was looked after once it had succeeded. */
const Watch = Strict({
  state: Type.Enum(['watching', 'passed', 'failed', 'inconclusive', 'superseded'] as const),
  reason: Nullable(Type.String({ description: 'why it ended, one sentence' })),
  until: Time,
  onFail: Type.Enum(['report', 'rollback'] as const),
  /** More failed hosts than this, for a minute, and it fails. */
  maxFailed: Count,
  eligible: Count,
  failed: Count,
  unheard: Type.Integer({ minimum: 0, description: 'hosts that count as offline' }),
  /** Of the environment's policy (`verify`). `before`: when the deployment began; null: not asked then. */
  probes: Type.Optional(
    Type.Array(
      Strict({
        name: Name,
        before: Nullable(ProbeState),
        now: Nullable(ProbeState),
        reason: Nullable(Type.String()),
        since: Nullable(Time),
        at: Nullable(Time),
      }),
    ),
  ),
  /** Of probes that hosts ask. `held`: hosts on which it passed when the deployment began. */
  onHosts: Type.Optional(
    Type.Array(
      Strict({
        name: Name,
        hosts: Type.Integer({ minimum: 0, description: 'hosts that are to ask it' }),
        held: Count,
        failing: Count,
        unknown: Type.Integer({ minimum: 0, description: 'hosts of which nobody knows' }),
        /** More of them, for a minute, and the watch fails. */
        mostFailing: Count,
        reason: Nullable(Type.String()),
      }),
    ),
  ),
});

const Figure = Strict({
  seconds: Type.Number({ exclusiveMinimum: 0 }),
  bad: Type.Number({ minimum: 0 }),
  all: Type.Number({ minimum: 0 }),
});
const Ratio = Nullable(Type.Number({ minimum: 0 }));
/** A metric over all hosts, before it began and at the end of the watch. Null: not read yet, or not to be had. */
const ComparedFigure = Strict({
  name: Name,
  before: Nullable(Figure),
  after: Nullable(Figure),
  errors: Ratio,
  load: Ratio,
  fault: Nullable(Type.String()),
});

export const Deployment = Strict({
  id: Type.String(),
  kind: Type.Enum(deploymentKinds),
  environment: EnvironmentRef,
  product: Name,
  version: Nullable(Version),
  release: Nullable(DigestText),
  previousVersion: Nullable(Version),
  strategy: Strategy,
  /** Of the environment's policy: what it is judged by besides reports. */
  metrics: Type.Optional(Type.Array(Name)),
  state: Type.Enum(deploymentStates),
  reason: Nullable(Type.String({ description: 'why it is in this state, one sentence' })),
  created: Time,
  updated: Time,
  finished: Nullable(Time),
  createdBy: Type.String(),
  /** By which it was started, and what was approved. Absent: said by an older root server. */
  plan: Type.Optional(Nullable(Strict({ id: Type.String(), digest: DigestText }))),
  /** Absent: said by an older root server. */
  urgent: Type.Optional(Type.Boolean()),
  passes: Type.Optional(Passes),
  /** When those who have not come to it are told of, and whether they were. */
  deadline: Type.Optional(Strict({ at: Time, told: Type.Boolean() })),
  progress: Progress,
  /** Absent: nobody, or a later deployment of the product has taken its place. */
  behind: Type.Optional(Behind),
  canary: Type.Optional(CanaryStanding),
  groups: Type.Optional(GroupsStanding),
  /** Absent: nobody looks after it, or it has not succeeded yet. */
  watch: Type.Optional(Watch),
  /** Absent: the policy has no metrics, or no watch. */
  figures: Type.Optional(Type.Array(ComparedFigure)),
});
export type Deployment = Static<typeof Deployment>;
export const Deployments = Strict({ deployments: Type.Array(Deployment) });
const Unfit = Strict({
  host: Type.String(),
  name: Type.String(),
  component: Name,
  platform: Type.String(),
});
export const DeploymentsCreated = Strict({
  hosts: Count,
  environments: Type.Array(EnvironmentRef),
  unfit: Type.Array(Unfit, { description: 'hosts that are left out' }),
  deployments: Type.Array(Deployment, { description: 'empty after a dry run' }),
});
export type DeploymentsCreated = Static<typeof DeploymentsCreated>;

/** Of all environments that the patterns fit. `to` paused: they go on by a word, one by one. */
export const DeploymentStop = Strict({
  environments: Type.Array(EnvironmentPattern, { minItems: 1, maxItems: 1000 }),
  where: Type.Optional(EnvironmentWhere),
  to: Type.Enum(['paused', 'aborted']),
  reason: Reason,
});
/** `host`: a name, an id, or how it begins. */
export const DeploymentHostAct = Strict({
  host: Type.String({ minLength: 1, maxLength: 255 }),
  reason: Reason,
});
export const DeploymentQuery = Strict({
  environment: Type.Optional(EnvironmentPattern),
  product: Type.Optional(Name),
  active: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$' })),
});
export const DeploymentParams = Strict({
  id: Type.String({ pattern: '^[a-z0-9-]{8,40}$', description: "a deployment's id, like d-567073cb9f4b" }),
});

/** `after`: the last `sequence` seen. `waitMs` up to 30,000: the answer is held until there is something new. */
export const EventQuery = Strict({
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
  waitMs: Type.Optional(Type.String({ pattern: '^[0-9]{1,5}$' })),
});
const DeploymentEvent = Strict({
  sequence: Count,
  time: Time,
  kind: Type.String(),
  message: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
});
export type DeploymentEvent = Static<typeof DeploymentEvent>;
/** `after`: the number of the last record seen. */
export const EvidenceQuery = Strict({
  of: Type.Optional(
    Type.Enum(['decisions', 'watch'] as const, {
      description: 'the decisions (default), or looks once it had succeeded',
    }),
  ),
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
});
export const EvidenceRecord = Strict({
  number: Count,
  digest: DigestText,
  document: Type.String({ description: 'JSON, RFC 8785 (docs/spec/deployments.md, docs/spec/plans.md)' }),
});
export const DeploymentEvidence = Strict({
  records: Type.Array(EvidenceRecord),
  hasMore: Type.Boolean(),
  decided: Type.Integer({ minimum: 0, description: 'how many decisions were made by now' }),
  watch: Type.Optional(
    Nullable(
      Strict({
        state: Type.String(),
        document: Type.String({ description: 'JSON (docs/spec/deployments.md)' }),
        recorded: Nullable(
          Type.Integer({
            minimum: 1,
            description: 'so many records; null: none yet, or by an older root server',
          }),
        ),
      }),
    ),
  ),
});

/** The deployment as it is now comes with the events, so that one request draws the whole picture. */
export const DeploymentEvents = Strict({ events: Type.Array(DeploymentEvent), deployment: Deployment });
export type DeploymentEvents = Static<typeof DeploymentEvents>;

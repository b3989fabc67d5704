import { forceableGates } from '@xylem/core';
import { type Static, Type } from 'typebox';
import {
  ChangeTicket,
  Count,
  DeadlineSeconds,
  DigestText,
  EnvironmentPattern,
  EnvironmentRef,
  Name,
  Nullable,
  OneLine,
  Passes,
  PassingWord,
  Reason,
  Strict,
  Time,
  Version,
} from './common.ts';
import { EvidenceRecord, Strategy } from './deployments.ts';
import { JobRun } from './jobs.ts';
import { PlanFound, PlanPreflights } from './plan-found.ts';
import { ProbeLast } from './verification.ts';

const DigestStart = Type.String({
  pattern: '^[0-9a-f]{8,64}$',
  description: 'a digest, or its beginning (8 digits or more)',
});

/** One stage over all environments that the patterns fit. `version` or `channel` names the release of a `deploy`. */
export const PlanCreate = Strict({
  kind: Type.Enum(['deploy', 'undeploy']),
  product: Name,
  version: Type.Optional(Version),
  channel: Type.Optional(Name),
  environments: Type.Array(EnvironmentPattern, { minItems: 1, maxItems: 1000 }),
  strategy: Type.Optional(Strategy),
  skipUnfit: Type.Optional(Type.Boolean()),
  urgent: Type.Optional(Type.Boolean()),
  reason: Type.Optional(Reason),
  passes: Type.Optional(Passes),
  /** Gates that are passed though they are closed, once another person than its author approved the plan. */
  forces: Type.Optional(
    Type.Array(Type.Enum(forceableGates), {
      minItems: 1,
      maxItems: forceableGates.length,
      uniqueItems: true,
    }),
  ),
  deadlineSeconds: Type.Optional(DeadlineSeconds),
  purgeData: Type.Optional(Type.Boolean()),
  change: Type.Optional(ChangeTicket),
});
export type PlanCreate = Static<typeof PlanCreate>;

/** A plan file (docs/spec/plans.md, Plan files). */
export const PlanCreateFile = Strict({
  yaml: Type.String({ minLength: 1, maxLength: 1024 * 1024 }),
  /** As refusals name it. */
  file: Type.Optional(OneLine(500, "the file's name")),
});
export type PlanCreateFile = Static<typeof PlanCreateFile>;

export const PlanParams = Strict({
  id: Type.String({ pattern: '^p-[0-9a-f]{12}$', description: "a plan's id, like p-567073cb9f4b" }),
});
export const PlanQuery = Strict({
  environment: Type.Optional(EnvironmentPattern),
  product: Type.Optional(Name),
  open: Type.Optional(Type.Enum(['true', 'false'], { description: 'true: only those that may be started' })),
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })),
});
/** `after`: the last name of the page before. */
export const PlanHostsQuery = Strict({
  after: Type.Optional(Type.String({ maxLength: 600 })),
  limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
});
/** `digest`: of the version that was looked at; another one is refused. */
export const PlanApprove = Strict({ digest: Type.Optional(DigestStart), reason: Type.Optional(Reason) });
export const PlanRefuse = Strict({ digest: Type.Optional(DigestStart), reason: Reason });
export const PlanRollback = Strict({
  digest: Type.Optional(DigestStart),
  reason: Reason,
  /** Absent: all that the plan brought. */
  stage: Type.Optional(Name),
});
export const PlanStart = Strict({
  digest: Type.Optional(DigestStart),
  dryRun: Type.Optional(Type.Boolean()),
  /** Of a plan that is urgent, where an environment is frozen. */
  reason: Type.Optional(Reason),
});

/** `where`: a selector; `hosts`: so many of each environment, drawn. Absent: all that the plan changes. */
export const PlanPreflight = Strict({
  where: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  hosts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
});

const MaybeVersion = Nullable(Type.String());

/** A run of a test: `xylem job show` has all of it. */
export const PlanTestRun = Type.Pick(
  JobRun,
  ['id', 'component', 'job', 'host', 'state', 'note', 'exitCode', 'tests'],
  { additionalProperties: false },
);
export type PlanTestRun = Static<typeof PlanTestRun>;

const ApprovalRule = Type.Record(Type.String(), Type.Unknown());
const Period = Type.Record(Type.String(), Type.String());
const PlanStage = Strict({
  name: Name,
  strategy: Type.Optional(Strategy),
  approvals: Type.Optional(Type.Array(ApprovalRule)),
  fourEyes: Type.Optional(Type.Literal(true)),
  /** What it demands besides the policies of its environments: as in `policy` of their YAML. */
  gates: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  soakSeconds: Type.Optional(Count),
  ask: Type.Optional(Type.Literal(true)),
  atOnce: Type.Optional(Type.Union([Count, Type.String()])),
  failures: Type.Optional(Count),
  onFail: Type.Optional(Type.String()),
  /** Jobs that must pass before the next stage begins. */
  tests: Type.Optional(
    Strict({
      jobs: Type.Array(
        Strict({
          component: Name,
          job: Name,
          where: Type.Optional(Type.String()),
          hosts: Type.Optional(Type.Union([Count, Type.Literal('all')])),
        }),
      ),
      withinSeconds: Type.Optional(Count),
      onNoData: Type.Optional(Type.String()),
    }),
  ),
  /** Probes that have to have passed for so long before the next stage begins. */
  verification: Type.Optional(
    Strict({
      probes: Type.Array(Name),
      seconds: Count,
      /** Those of the plan itself, with the last result of each; null: not asked yet, or the plan has ended. */
      stated: Type.Optional(
        Type.Array(
          Strict({
            probe: Type.Record(Type.String(), Type.Unknown()),
            last: Nullable(ProbeLast),
          }),
        ),
      ),
    }),
  ),
  /** All of its environments are judged together; absent: each by itself. */
  verdict: Type.Optional(
    Strict({
      of: Type.Literal('ring'),
      bakeSeconds: Type.Optional(Count),
      minimumExposure: Type.Optional(Count),
      alpha: Type.Optional(Type.Number()),
      onNoData: Type.Optional(Type.String()),
    }),
  ),
  notBefore: Type.Optional(Time),
  windows: Type.Optional(Type.Array(Period)),
  freezes: Type.Optional(Type.Array(Period)),
  /** Null: whoever asks does not read all of its environments. */
  standing: Nullable(
    Strict({
      state: Type.Enum(['waiting', 'running', 'soaking', 'testing', 'passed', 'failed']),
      left: Count,
      running: Count,
      succeeded: Count,
      failed: Count,
      /** While it soaks: until when. */
      soaksUntil: Nullable(Time),
      /** What it shows, where it is judged as one. */
      ring: Type.Optional(
        Strict({
          verdict: Type.Enum(['pass', 'fail', 'inconclusive', 'no data'] as const),
          reason: Type.String(),
          /** Hosts that baked; that failed or fell silent. */
          baked: Count,
          failed: Count,
          /** Environments in which one failed after their turn, and before it. */
          exposedFailed: Count,
          controlFailed: Count,
          /** The highest e-value so far, and where the ring fails. */
          evidence: Type.Number(),
          threshold: Type.Number(),
        }),
      ),
    }),
  ),
  environments: Type.Array(
    Strict({
      ...EnvironmentRef.properties,
      facts: DigestText,
      /** What is still missing; empty: approved, or none is demanded. */
      missing: Type.Array(Type.String()),
      /** Why it may not begin though it is its turn. */
      waits: Nullable(Strict({ code: Type.String(), reason: Type.String() })),
      /** What became of taking it back; null: nobody asked for that. */
      back: Nullable(
        Strict({
          state: Type.Enum(['due', 'begun', 'kept']),
          by: Type.String(),
          reason: Type.String(),
          deployment: Nullable(Type.String()),
          /** Why it was not possible. */
          kept: Nullable(Type.String()),
        }),
      ),
      /** Null: no host was asked. */
      preflights: Nullable(PlanPreflights),
      /** The newest run of each test on each host, those that did not pass first, with the first failures of each; at most 100 of a stage. */
      tests: Type.Optional(Type.Array(PlanTestRun)),
      found: PlanFound,
    }),
  ),
});
const PlanWord = Strict({
  by: Type.String(),
  at: Time,
  reason: Nullable(Type.String()),
});

const planSummary = {
  id: Type.String(),
  product: Name,
  kind: Type.Enum(['deploy', 'undeploy']),
  version: MaybeVersion,
  state: Type.Enum(['open', 'expired', 'refused', 'started', 'paused', 'stopped', 'finished']),
  number: Count,
  digest: DigestText,
  environments: Type.Array(EnvironmentRef),
  by: Type.String(),
  created: Time,
  expires: Time,
  /** Who brought it into its state, and why; `plan/<id>`: itself. */
  ended: Nullable(Strict({ by: Type.String(), reason: Nullable(Type.String()) })),
};
export const PlanSummary = Strict(planSummary);
export type PlanSummary = Static<typeof PlanSummary>;
export const Plans = Strict({ plans: Type.Array(PlanSummary) });

/** Environments that whoever asks does not read are not in it. */
export const PlanDetail = Strict({
  ...planSummary,
  urgent: Type.Boolean(),
  /** Why it is urgent. Absent: said by an older root server. */
  why: Type.Optional(Nullable(Type.String())),
  passes: Type.Optional(Type.Array(PassingWord)),
  forces: Type.Optional(Type.Array(Type.Enum(forceableGates))),
  deadlineSeconds: Type.Optional(Nullable(Count)),
  skipUnfit: Type.Boolean(),
  purgeData: Type.Boolean(),
  change: Nullable(Type.String()),
  /** Stakeholders, who are told of it by mail. Absent: said by an older root server. */
  notify: Type.Optional(
    Nullable(Strict({ mail: Type.Array(Type.String()), topics: Type.Optional(Type.Array(Type.String())) })),
  ),
  stages: Type.Array(PlanStage),
  /** What it does next, or waits for, once it was started. Null: it is over, or not all of it is read by whoever asks. */
  next: Nullable(Strict({ stage: Nullable(Name), what: Type.String(), until: Nullable(Time) })),
  approvals: Type.Array(PlanWord),
  deployments: Type.Array(Strict({ id: Type.String(), environment: EnvironmentRef, state: Type.String() })),
});
export type PlanDetail = Static<typeof PlanDetail>;

export const PlanHosts = Strict({
  changes: Type.Array(
    Strict({
      environment: Type.String(),
      host: Type.String(),
      name: Type.String(),
      component: Name,
      from: MaybeVersion,
      to: MaybeVersion,
    }),
  ),
  /** Null: that was all. */
  after: Nullable(Type.String()),
});
export const PlanRefreshed = Strict({ changed: Type.Boolean(), plan: PlanDetail });
export const PlanStarted = Strict({ deployments: Type.Array(Type.String()), plan: PlanDetail });
/** `after`: the number of the last record seen. */
export const PlanEvidenceQuery = Strict({
  stage: Name,
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
});
export const PlanEvidence = Strict({
  records: Type.Array(EvidenceRecord),
  hasMore: Type.Boolean(),
  state: Nullable(
    Type.String({ description: 'where the ring stands now, JSON; null: nothing was found yet' }),
  ),
});

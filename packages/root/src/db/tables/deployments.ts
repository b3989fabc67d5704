import type { Generated } from 'kysely';

/** Releases on their way. Column types: see `tables.ts`. */
export interface DeploymentTables {
  /** Where each product stands in each environment by the last deployment that succeeded. Null: undeployed. */
  standings: {
    environment: string;
    product: string;
    /** Of that deployment; those with a higher one are not settled yet. */
    sequence: number;
    release: string | null;
    version: string | null;
    previous_release: string | null;
    previous_version: string | null;
  };
  deployments: {
    sequence: Generated<number>;
    id: string;
    kind: string;
    environment: string;
    product: string;
    state: string;
    reason: string | null;
    /** The deployment as core decides over it, JSON. */
    document: string;
    created_by: string;
    created_ms: number;
    updated_ms: number;
    finished_ms: number | null;
    /** 1: it failed, and the rollback that its strategy promises has not been started yet. */
    undo_due: number | null;
    /** The plan that it began by, and the digest that was approved. */
    plan: string | null;
    plan_digest: string | null;
    /** When those who have not come to it are told of. */
    deadline_ms: number | null;
    /** 1: they were. */
    deadline_told: number | null;
  };
  /** What follows a channel and may not begin yet: tried again until it may. */
  waiting_starts: {
    environment: string;
    product: string;
    version: string;
    code: string;
    reason: string;
    since_ms: number;
  };
  /** What decisions said about single hosts. */
  deployment_hosts: {
    deployment: string;
    host: string;
    admitted_ms: number | null;
    held: number;
    done_ms: number | null;
    failed_ms: number | null;
    /** JSON of core's `Watched`. */
    watched: string | null;
    /** JSON of `SkipWord`: people left it out; null: they did not. */
    skipped: string | null;
    /** JSON of `RetryWord`: people let it try again; null: they did not. */
    retried: string | null;
  };
  /** By which evidence it was decided: each what changed since the one before, JSON (docs/spec/deployments.md). */
  deployment_evidence: { deployment: string; number: number; digest: string; document: string };
  /** The same of looks at it once it had succeeded. */
  watch_evidence: { deployment: string; number: number; digest: string; document: string };
  deployment_events: {
    sequence: Generated<number>;
    deployment: string;
    time_ms: number;
    kind: string;
    message: string;
    details: string;
  };
  /** Environments in which no deployment goes on; the row of one that has ended by its date may still be there. */
  freezes: {
    environment: string;
    reason: string;
    set_by: string;
    since_ms: number;
    /** Null: until somebody ends it. */
    until_ms: number | null;
  };
  /** Deployments that are looked after once they have succeeded. */
  deployment_watches: {
    deployment: string;
    environment: string;
    /** `watching`, or how it ended: `passed`, `failed`, `inconclusive`, `superseded`. */
    state: string;
    /** JSON of core's `AfterWatch`. */
    document: string;
    /** JSON of core's `AfterSeen` at the last look; null: none yet. */
    seen: string | null;
    /** Why it ended, one sentence. */
    reason: string | null;
    ended_ms: number | null;
    /** How many records there are of it; null: nothing was decided yet, or by an older root server. */
    recorded: number | null;
  };
  /** Releases that somebody took back everywhere; one at most of a release has not been ended. */
  recalls: {
    id: string;
    product: string;
    version: string;
    release: string;
    reason: string;
    recalled_by: string;
    since_ms: number;
    /** When no host reported it for the first time, and no environment directed it. */
    done_ms: number | null;
    ended_ms: number | null;
    ended_by: string | null;
    end_reason: string | null;
  };
  /** What became of a recall in one environment. */
  recall_environments: {
    recall: string;
    environment: string;
    /** Core's `RecallOutcome`. */
    outcome: string;
    /** What takes it away: the recall's own rollback, or another one's deployment. */
    deployment: string | null;
    /** To which version. */
    version: string | null;
    /** That its hosts were told of; null: none, without operators who could lift it. */
    quarantine: string | null;
    /** With what the way back was refused. */
    code: string | null;
    message: string | null;
    updated_ms: number;
  };
  /** Databases that hosts share, and the migration under way of each (docs/spec/migrations.md). */
  migrated_databases: {
    environment: string;
    database: string;
    /** Whose package had the steps of the last order; null before the first. */
    product: string | null;
    component: string | null;
    /** The schema that it had when it was first named here. */
    first: number;
    oldest: number;
    newest: number;
    term: number;
    /** JSON of the last order and what became of it; null before the first. */
    last: string | null;
    updated_ms: number;
  };
  /** By the term under which each was made; with the shapes that it was made of. */
  migration_backups: {
    environment: string;
    database: string;
    term: number;
    host: string;
    path: string;
    digest: string;
    size_bytes: number;
    made_ms: number;
    oldest: number;
    newest: number;
  };
  /** Hosts that were left out of the count of the contract to a schema. */
  migration_exclusions: {
    environment: string;
    database: string;
    host: string;
    to: number;
    reason: string;
    excluded_by: string;
    since_ms: number;
  };
}

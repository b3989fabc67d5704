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
  };
  /** By which evidence it was decided: each what changed since the one before, JSON (docs/spec/deployments.md). */
  deployment_evidence: { deployment: string; number: number; digest: string; document: string };
  deployment_events: {
    sequence: Generated<number>;
    deployment: string;
    time_ms: number;
    kind: string;
    message: string;
    details: string;
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

import type { Generated } from 'kysely';

/** What needs a person (docs/spec/incidents.md). Column types: see `tables.ts`. */
export interface IncidentTables {
  /** Evidence that holds, or that no look has taken in yet: one row for each cause and subject. */
  incident_signs: {
    /** Its id; empty: of the whole installation. */
    environment: string;
    key: string;
    /** A host, a deployment, a role. */
    subject: string;
    /** The subject, where it is a host. */
    host: string | null;
    message: string;
    since_ms: number;
    noted_ms: number;
    /** Null: it holds. */
    cleared_ms: number | null;
    /** Who counts it; null: nobody yet. */
    incident: string | null;
    /** 1: a look has still to take it in. */
    dirty: number;
  };
  incidents: {
    id: string;
    environment: string;
    key: string;
    kind: string;
    product: string | null;
    title: string;
    /** open, closed */
    state: string;
    began_ms: number;
    detected_ms: number;
    holding: number;
    subjects: number;
    recovered_ms: number | null;
    closed_ms: number | null;
    /** Null: evidence. */
    closed_by: string | null;
    close_reason: string | null;
    reopened: number;
    told: number;
    told_ms: number;
    acknowledged_ms: number | null;
    acknowledged_by: string | null;
    assigned_to: string | null;
  };
  /** Who showed it at any time. */
  incident_subjects: {
    incident: string;
    subject: string;
    host: string | null;
    message: string;
    since_ms: number;
    cleared_ms: number | null;
  };
  incident_events: {
    sequence: Generated<number>;
    incident: string;
    time_ms: number;
    kind: string;
    /** Null: the root server, by evidence. */
    who: string | null;
    message: string;
  };
}

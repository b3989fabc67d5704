import type { Generated } from 'kysely';

/** What is said to environments. Column types: see `tables.ts`. */
export interface DirectingTables {
  settings: { key: string; value: string };
  tenants: {
    tenant: string;
    created_ms: number;
    /** Its own order of stages, JSON; null: the default. */
    stages: Generated<string | null>;
  };
  environments: {
    id: string;
    tenant: string;
    environment: string;
    yaml: string;
    yaml_version: number;
    created_ms: number;
  };
  /** What each environment's hosts should run: decided here first, then brought to the folder that children pull. */
  directions: {
    environment: string;
    number: number;
    /** Digest of the document without what changes by itself: equal digests mean no change of meaning. */
    meaning: string;
    document: string;
    /** The number for which `host_states` was written; 0: none. */
    states_number: Generated<number>;
  };
  /** To which group of hosts a product's traffic goes, since it was first switched (docs/traffic.md). */
  traffic: {
    environment: string;
    product: string;
    serving: string;
    /** Counts the switches. */
    number: number;
    since_ms: number;
    set_by: string;
    reason: string;
    /** That switched it; null: a person did. */
    deployment: string | null;
    /** Of the first desired state that said so; null: none does yet. */
    directed_number: number | null;
  };
  /** Which desired state each snapshot of a direction repository showed; the last few of each environment. */
  direction_history: {
    environment: string;
    snapshot_version: number;
    number: number;
    targets_version: number;
    published_ms: number;
    document: string;
  };
  /** What an operator quarantined, and until when it was: `lifted_ms` null while it holds. */
  quarantines: {
    id: string;
    environment: string;
    product: string;
    release: string;
    version: string;
    reason: string;
    set_by: string;
    since_ms: number;
    lifted_ms: number | null;
  };
  /** Lifts as operators signed them, also of quarantines that this database does not know. */
  quarantine_lifts: {
    quarantine: string;
    environment: string;
    envelope: string;
    reason: string;
    lifted_by: string;
    created_ms: number;
    /** The first desired state that carried it; null: none yet. */
    carried_number: number | null;
    /** 1: carried no more, unless a host reports that it still holds. */
    done: number;
  };
  /** The chain of an environment's operators, as they signed it. */
  operators: {
    environment: string;
    number: number;
    envelope: string;
    set_by: string;
    created_ms: number;
  };
  /**
   * What the tree of a restored root server says about single hosts: `entry` is that of the newest host map that a
   * relay held; the rest comes from the certificate and report of a host that is not in `hosts`.
   */
  found_hosts: {
    host: string;
    environment: string;
    entry: string | null;
    name: string | null;
    /** Raw Ed25519 key, b64u. */
    key: string | null;
    /** As in its certificate, JSON: null, `"*"`, or ids of environments. */
    serves: string | null;
    certificate_expires_ms: number | null;
  };
  /** The newest desired state of each environment that a relay held. */
  found_directions: { environment: string; number: number; snapshot_version: number; document: string };
}

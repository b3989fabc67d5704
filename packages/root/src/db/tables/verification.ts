/** What users would see, and figures, before deployments and after them. Column types: see `tables.ts`. */
export interface VerificationTables {
  /** Every address of an environment's `policy.verify`. */
  probe_addresses: {
    environment: string;
    url: string;
    /** 1: who wrote it may operate the whole installation. 0: it is asked in the public network alone. */
    anywhere: number;
  };
  /** The last result of each probe, as core's `ProbeResult`. */
  probe_results: {
    environment: string;
    name: string;
    definition: string;
    state: string;
    reason: string;
    since_ms: number;
    at_ms: number;
  };
  /** Deployments whose environment is compared before and after. */
  deployment_befores: {
    deployment: string;
    environment: string;
    /** JSON of core's `ProbeBefore`s. */
    probes: string;
    /** JSON of core's `HostsBefore`s; null: no hosts ask. */
    on_hosts: string | null;
    began_ms: number;
    /** How long the windows of figures are; 0: none are read. */
    window_ms: number;
    /** JSON of core's `Reading`s; null: not read. */
    figures_before: string | null;
    figures_after: string | null;
    /** What is still to be read: `before`, then `after`, then `done`. */
    state: string;
  };
}

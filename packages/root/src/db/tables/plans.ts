/** Plans, their versions, and what people said of them (docs/spec/plans.md). Column types: see `tables.ts`. */
export interface PlanTables {
  plans: {
    id: string;
    product: string;
    /** `open`, `refused`; begun: `started`, `paused`; over: `stopped`, `finished`. */
    state: string;
    /** The present version's number. */
    number: number;
    created_ms: number;
    updated_ms: number;
    /** Who brought it into its state, and why; the plan itself: `plan/<id>`. */
    ended_by: string | null;
    reason: string | null;
    /** In whose name later stages begin; null before it was started, and for plans of before there were later stages. */
    started_by: string | null;
    /** In their words: later stages of what is urgent begin by it where an environment is frozen. */
    started_why: string | null;
    /** Their account, and groups as the issuer had said then (JSON); null: no person's. */
    started_account: string | null;
    started_groups: string | null;
    /** Stages before this one need nobody's word any more; null: of the first alone. */
    confirmed: number | null;
  };
  plan_versions: {
    plan: string;
    number: number;
    digest: string;
    /** `xylem-plan-1`, JCS. */
    document: string;
    /** By environment id, JSON. */
    facts: string;
    /** What preparation found, JSON; for reading only. */
    found: string;
    /** As the audit log names them. */
    made_by: string;
    /** As whom they count (`auth/origin.ts`). */
    origin: string;
    created_ms: number;
    expires_ms: number;
  };
  /** The environments of a plan's present version: who reads one of them sees the plan. */
  plan_environments: {
    plan: string;
    environment: string;
    stage: number;
    /** Why it may not begin though it is its turn. */
    waits_code: string | null;
    waits: string | null;
    /** It is taken back: `due`, `begun`, `kept` (not possible). Null: nobody asked. */
    back: string | null;
    back_by: string | null;
    /** Why it was asked for. */
    back_why: string | null;
    back_deployment: string | null;
    /** Why it was not possible. */
    back_kept: string | null;
  };
  /** Of a stage that is judged as one: JSON of core's `RingState`. */
  plan_rings: { plan: string; stage: number; state: string };
  /** Environments of a ring as they are watched as wholes, from before their turn. */
  plan_ring_environments: {
    plan: string;
    environment: string;
    /** `control`, `exposed`, `over`; null: not yet. */
    watched: string | null;
    /** Hosts that were not well when it was first looked at, JSON: what becomes of them says nothing. */
    unfit: string;
    offline_after_ms: number;
    /** When another one was first seen failed or silent, before its turn. */
    unwell_ms: number | null;
  };
  /** Of a stage whose tests have begun: when, and since when they have passed. */
  plan_tests: { plan: string; stage: number; begun_ms: number; passed_ms: number | null };
  /** What plans that are not over ask themselves, by the number of their stage. */
  plan_probes: {
    plan: string;
    stage: number;
    name: string;
    /** JSON of core's `Probe`. */
    probe: string;
    /** 1: who made the plan may operate the whole installation. 0: it is asked in the public network alone. */
    anywhere: number;
    /** JSON of core's `ProbeResult`, the last; null: it was never asked. */
    result: string | null;
  };
  /** By what a ring was judged: each what changed since the one before, JSON. */
  plan_evidence: { plan: string; stage: number; number: number; digest: string; document: string };
  /** One word for each who said one, as whom they count: the last one stands. */
  plan_approvals: {
    plan: string;
    number: number;
    digest: string;
    origin: string;
    account: string;
    /** As the issuer had said then, JSON. */
    groups: string;
    said_by: string;
    reason: string | null;
    said_ms: number;
  };
}

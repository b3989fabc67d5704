/** Plans, their versions, and what people said of them (docs/spec/plans.md). Column types: see `tables.ts`. */
export interface PlanTables {
  plans: {
    id: string;
    product: string;
    /** `open`, `refused`, `started`. */
    state: string;
    /** The present version's number. */
    number: number;
    created_ms: number;
    updated_ms: number;
    /** Who refused or started it, and why it was refused. */
    ended_by: string | null;
    reason: string | null;
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
  plan_environments: { plan: string; environment: string; stage: number };
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

/** Change tickets. Column types: see `tables.ts`. */
export interface TicketTables {
  /** One row at most. */
  change_source: {
    id: number;
    url: string;
    /** As Standard Webhooks write it. */
    secret: string;
    set_by: string;
    set_ms: number;
  };
  /** What was said last of a ticket, for one release (an undeploy: the empty version) in one environment. */
  change_answers: {
    environment: string;
    product: string;
    version: string;
    change: string;
    /** `approved`, `waiting`, `refused`, or `unknown`: nothing could be had. */
    state: string;
    message: string;
    asked_ms: number;
  };
}

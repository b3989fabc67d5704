/** Figures from outside of reports. Column types: see `tables.ts`. */
export interface MetricTables {
  metric_sources: {
    name: string;
    /** `prometheus` or `program`. */
    kind: string;
    /** A URL, or the name of a file. */
    address: string;
    /** As it is: Prometheus wants to see it. */
    token: string | null;
    /** Whose environments may use it; null: everyone's. */
    tenant: string | null;
    set_by: string;
    set_ms: number;
  };
}

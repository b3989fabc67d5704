/** Sealed values and their keys. Column types: see `tables.ts`. */
export interface SecretTables {
  /** Sealed values and wrapped keys (docs/spec/secrets.md): nothing here opens anything. */
  secret_states: { environment: string; revision: number };
  secret_generations: {
    environment: string;
    generation: number;
    recipient: string;
    holder: string;
    created_ms: number;
  };
  secret_values: {
    environment: string;
    component: string;
    key: string;
    /** JSON. */
    sealed: string;
    set_ms: number;
    set_by: string;
    /** JSON list of names of hosts that were removed and know the value. */
    exposed: string;
  };
  secret_wraps: {
    environment: string;
    generation: number;
    host: string;
    recipient: string;
    age: string;
    created_ms: number;
  };
}

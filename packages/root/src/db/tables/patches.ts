import type { Generated } from 'kysely';

/** Column types: see `tables.ts`. */
export interface PatchTables {
  patches: {
    domain: string;
    from_tree: string;
    to_tree: string;
    product: string;
    component: string;
    from_version: string;
    to_version: string;
    /** That run the former version and want, or are likely to want, the other. */
    hosts: number;
    /** That left the former version since the patch was made. */
    gone_over: number;
    /** That said that they came by the patch; one that goes there once more counts once more. */
    taken: Generated<number>;
    /** Of objects that came to these. */
    taken_bytes: Generated<number>;
    /** What goes to each of them without the patch. */
    chunk_bytes: number;
    state: 'queued' | 'made' | 'useless' | 'failed';
    patch: string | null;
    size_bytes: number | null;
    /** Content that it makes. */
    made_bytes: number | null;
    cpu_ms: number | null;
    peak_rss_mb: number | null;
    attempts: number;
    /** Not before this moment. */
    due_ms: number;
    /** Of the last attempt: `CODE: sentence`. */
    fault: string | null;
    wanted_ms: number;
    /** Since when no host needs it; null: some do. */
    unwanted_ms: number | null;
    made_ms: number | null;
  };
}

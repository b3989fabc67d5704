/** Jobs of packages that hosts were ordered to run (docs/spec/jobs.md). Column types: see `tables.ts`. */
export interface JobTables {
  job_runs: {
    id: string;
    environment: string;
    product: string;
    component: string;
    version: string;
    /** Digest. */
    package: string;
    /** Digest of the release that was directed there; null: not known. */
    release: string | null;
    job: string;
    host: string;
    /** Also where what is committed does not run. */
    stopped: number;
    state: string;
    /** Why it waits, or was lost; null: nothing to say. */
    note: string | null;
    /** The plan for which its host looks beforehand; null: it is a job of what is installed. */
    preflight_of: string | null;
    /** 1: it stands in the host map, ended or not; null: of a job. */
    preflight_stands: number | null;
    ordered_by: string;
    /** The plan that ordered it by itself; null: somebody did. */
    plan: string | null;
    ordered_ms: number;
    /** How long its program may take. */
    timeout_ms: number;
    /** When it is lost if nothing is heard of its end. */
    deadline_ms: number;
    started_ms: number | null;
    finished_ms: number | null;
    /** JSON, as the host said it; null before its end. */
    result: string | null;
    /** The envelope of the report that said so, zstd; null: before its end, or long past. */
    report: Uint8Array | null;
  };
}

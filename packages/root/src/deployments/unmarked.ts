import type { Tables } from '../db/tables.ts';

/** What is decided about a host of a deployment. */
export type MarkColumns = Omit<Tables['deployment_hosts'], 'deployment' | 'host'>;

/** Of a host of which nothing was decided yet. */
export const unmarked: MarkColumns = {
  admitted_ms: null,
  held: 0,
  done_ms: null,
  failed_ms: null,
  watched: null,
  skipped: null,
  retried: null,
};

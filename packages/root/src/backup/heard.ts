import type { Report } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { RestoredMark } from './restored-state.ts';

/** What was reported to a restored root server since it was restored. */
export async function heardSince(db: Database, { restoredMs }: RestoredMark): Promise<Report[]> {
  const rows = await db
    .selectFrom('reports as r')
    .innerJoin('host_states as s', 's.host', 'r.host')
    .select('r.document')
    .where('s.heard_ms', '>=', restoredMs)
    .execute();
  return rows.map(({ document }) => JSON.parse(document) as Report);
}

/** A desired state's number and the version of the snapshot that shows it. */
export interface Place {
  readonly number: number;
  readonly snapshot: number;
}

/**
 * The highest numbers that hosts have accepted, or a relay was found to hold: whatever is signed next must lie above.
 */
export function highest(
  reports: readonly Report[],
  environment: string,
  found: Place = { number: 0, snapshot: 0 },
): Place {
  let { number, snapshot } = found;
  for (const { direction } of reports.filter((report) => report.environment === environment)) {
    number = Math.max(number, direction.number);
    snapshot = Math.max(snapshot, direction.snapshot);
  }
  return { number, snapshot };
}

/** The highest snapshot of a release repository that hosts have accepted. */
export function highestRelease(reports: readonly Report[], repository: string): number {
  return reports.reduce((highest, { releases }) => {
    const [, version = 0] = Object.entries(releases).find(([id]) => id === repository) ?? [];
    return Math.max(highest, version);
  }, 0);
}

import type { Report } from '@xylem/core';
import type { Root } from '../root.ts';
import type { RestoredMark } from './restored-state.ts';

/** What was reported to a restored root server since it was restored. */
export async function heardSince(root: Root, { restoredMs }: RestoredMark): Promise<Report[]> {
  const rows = await root.db
    .selectFrom('reports')
    .select('document')
    .where('received_ms', '>=', restoredMs)
    .execute();
  return rows.map(({ document }) => JSON.parse(document) as Report);
}

/** The highest numbers that hosts have accepted: whatever is signed next must lie above them. */
export function highest(
  reports: readonly Report[],
  environment: string,
): { number: number; snapshot: number } {
  const own = reports.filter((report) => report.environment === environment);
  return {
    number: Math.max(0, ...own.map((report) => report.direction.number)),
    snapshot: Math.max(0, ...own.map((report) => report.direction.snapshot)),
  };
}

/** The highest snapshot of a release repository that hosts have accepted. */
export function highestRelease(reports: readonly Report[], repository: string): number {
  const versions = reports.map(
    (report) => Object.entries(report.releases).find(([id]) => id === repository)?.[1] ?? 0,
  );
  return Math.max(0, ...versions);
}

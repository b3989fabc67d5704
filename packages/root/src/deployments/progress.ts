import type { Progress } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type DeploymentRow, newestDeployments } from './rows.ts';

/** Kinds of events that hold how far a deployment is. */
const telling = ['progress', 'succeeded', 'failed'];

/**
 * How far a deployment is, by what hosts report now; of one that another came after, how far it had come, for its hosts
 * have gone on.
 */
export async function shownProgress(db: Database, row: DeploymentRow, now: Progress): Promise<Progress> {
  if (row.finished_ms === null) return now;
  const { environment, product } = row;
  const newest = await newestDeployments(db, environment, product).limit(1).executeTakeFirst();
  if (newest === undefined || newest.id === row.id) return now;
  const last = await db
    .selectFrom('deployment_events')
    .select('details')
    .where('deployment', '=', row.id)
    .where('kind', 'in', telling)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const told = last === undefined ? null : (JSON.parse(last.details) as Progress);
  // An older version told less where it ended.
  return told?.eligible === undefined ? now : told;
}

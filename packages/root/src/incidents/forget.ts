import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { incidentsLock } from './rows.ts';

/** A year can be compared with the one before. No gate looks at closed ones. */
const keptMs = 400 * 24 * 3600_000;
/** Rows in one transaction: nobody who acts on incidents waits long. */
const atOnce = 500;

/**
 * Forgets incidents that were closed long ago and that nobody shows any more, with all that was kept of them. First what
 * belongs to them: what a crash leaves undone the next time does.
 */
export async function forgetIncidents(db: Database, nowMs: number): Promise<void> {
  while (await forgetSome(db, nowMs - keptMs));
}

/** @returns whether there may be more */
async function forgetSome(db: Database, beforeMs: number): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, incidentsLock);
    const rows = await trx
      .selectFrom('incidents')
      .select('id')
      .where('state', '=', 'closed')
      .where('closed_ms', '<', beforeMs)
      .where('holding', '=', 0)
      .orderBy('closed_ms')
      .orderBy('id')
      .limit(atOnce / 10)
      .execute();
    if (rows.length === 0) return false;
    const ids = rows.map(({ id }) => id);
    if (await forgetSubjects(trx, ids)) return true;
    if (await forgetEvents(trx, ids)) return true;
    await trx.deleteFrom('incidents').where('id', 'in', ids).execute();
    return true;
  });
}

async function forgetSubjects(trx: Database, incidents: readonly string[]): Promise<boolean> {
  const some = await trx
    .selectFrom('incident_subjects')
    .select(['incident', 'subject'])
    .where('incident', 'in', incidents)
    .orderBy('incident')
    .orderBy('subject')
    .limit(atOnce)
    .execute();
  if (some.length < atOnce) {
    await trx.deleteFrom('incident_subjects').where('incident', 'in', incidents).execute();
    return false;
  }
  for (const [incident, rows] of Map.groupBy(some, (row) => row.incident)) {
    const subjects = rows.map(({ subject }) => subject);
    await trx
      .deleteFrom('incident_subjects')
      .where('incident', '=', incident)
      .where('subject', 'in', subjects)
      .execute();
  }
  return true;
}

async function forgetEvents(trx: Database, incidents: readonly string[]): Promise<boolean> {
  const some = await trx
    .selectFrom('incident_events')
    .select('sequence')
    .where('incident', 'in', incidents)
    .limit(atOnce)
    .execute();
  if (some.length > 0) {
    const sequences = some.map(({ sequence }) => sequence);
    await trx.deleteFrom('incident_events').where('sequence', 'in', sequences).execute();
  }
  return some.length === atOnce;
}

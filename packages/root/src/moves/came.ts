import type { Database } from '../db/tables.ts';
import { newestReport } from '../hosts/kept-report.ts';

/**
 * A host has reported from the environment that it was on its way to. What it last said in the old one is kept for the
 * tenant that it left, beside the request; the new one never sees it.
 */
export async function hostCame(db: Database, host: string, from: string, nowMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const last = await trx
      .selectFrom('reports as r')
      .innerJoin('host_states as s', 's.host', 'r.host')
      .select(['r.document', 's.moving', 's.heard_ms'])
      .where('r.host', '=', host)
      .where('r.environment', '=', from)
      .executeTakeFirst();
    await trx
      .updateTable('moved_hosts')
      .set({
        came_ms: nowMs,
        report: last === undefined ? null : JSON.stringify(newestReport(last)),
        reported_ms: last?.heard_ms ?? null,
      })
      .where('host', '=', host)
      .where('left_ms', 'is not', null)
      .where('came_ms', 'is', null)
      .where('move', 'in', (e) =>
        e.selectFrom('move_requests').select('id').where('from_environment', '=', from),
      )
      .execute();
    // Said twice, the later may find it on its way from the one to a third.
    await trx
      .updateTable('hosts')
      .set({ moving_from: null })
      .where('id', '=', host)
      .where('moving_from', '=', from)
      .execute();
  });
}

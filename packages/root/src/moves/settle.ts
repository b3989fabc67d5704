import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { note } from './note.ts';
import { moveRequests, updateRequest } from './rows.ts';

/** Writes down which requests have expired, and which are done: nothing of them is under way any more. */
export async function settleMoves({ db, clock }: Pick<Root, 'db' | 'clock'>): Promise<void> {
  const nowMs = clock.now();
  const due = async (trx: Database) => [
    ...(await moveRequests(trx, { state: 'open', nowMs })).filter(({ state }) => state === 'expired'),
    ...(await moveRequests(trx, { state: 'approved', nowMs })),
  ];
  if ((await due(db)).length === 0) return;
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, 'moves');
    for (const request of await due(trx)) {
      const isExpired = request.state === 'expired';
      if (!isExpired && (await isUnderWay(trx, request.id))) continue;
      const state = isExpired ? 'expired' : 'done';
      await updateRequest(trx, request.id, { state, ended_ms: nowMs });
      const what = isExpired ? 'move.expire' : 'move.done';
      await note(trx, nowMs, request, what, { side: null, who: 'root server', after: {} });
    }
  });
}

/** A host that was retired, revoked or moved on will not come. */
async function isUnderWay(db: Database, move: string): Promise<boolean> {
  const row = await db
    .selectFrom('moved_hosts as m')
    .innerJoin('hosts as h', 'h.id', 'm.host')
    .select('m.host')
    .where('m.move', '=', move)
    .where('m.came_ms', 'is', null)
    .where('h.moving_from', 'is not', null)
    .where('h.retired', '=', 0)
    .executeTakeFirst();
  return row !== undefined;
}

/** After a restore: what was approved or taken back since the backup is not known. */
export async function cancelRestored(trx: Database, nowMs: number): Promise<void> {
  for (const request of await moveRequests(trx, { state: 'open', nowMs })) {
    const reason = 'The root server was restored from a backup. Ask anew.';
    await updateRequest(trx, request.id, { state: 'cancelled', ended_ms: nowMs, reason });
    await note(trx, nowMs, request, 'move.cancel', { side: null, who: 'restore', after: { reason } });
  }
}

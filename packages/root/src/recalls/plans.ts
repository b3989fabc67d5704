import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import { planLock, planNamed } from '../plans/rows.ts';
import { setState } from '../plans/state.ts';
import type { Root } from '../root.ts';
import { type RecallRow, recalledName } from './rows.ts';

/** Plans that would bring a recalled release are refused, so that nobody approves them in vain; those that run are stopped. */
export async function refusePlans(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  recall: RecallRow,
): Promise<void> {
  const open = await db
    .selectFrom('plans')
    .select('id')
    .where('product', '=', recall.product)
    .where('state', 'in', ['open', 'started', 'paused'])
    .execute();
  for (const { id } of open) {
    if ((await planNamed(db, id)).version.document.version !== recall.version) continue;
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, planLock(id));
      const known = await planNamed(trx, id);
      const { row, version } = known;
      if (version.document.version !== recall.version) return;
      const nowMs = clock.now();
      const reason = `${recalledName(recall)} was recalled: ${recall.reason}`;
      const by = recall.recalled_by;
      if (row.state === 'started' || row.state === 'paused')
        return await setState(trx, known, nowMs, { state: 'stopped', by, reason });
      if (row.state !== 'open') return;
      await trx
        .updateTable('plans')
        .set({ state: 'refused', ended_by: by, reason, updated_ms: nowMs })
        .where('id', '=', id)
        .execute();
      for (const { environments } of version.document.stages) {
        for (const { environment } of environments) {
          await appendAudit(trx, nowMs, {
            who: by,
            what: 'plan.refuse',
            subject: `plan/${id}`,
            environment,
            after: { number: row.number, digest: version.digest, recall: recall.id, reason },
          });
        }
      }
    });
  }
}

import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { appendEvent } from './events.ts';
import { laggardsOf } from './laggards.ts';
import { deployingLock } from './rows.ts';

type Options = Pick<Root, 'db' | 'clock' | 'restored'>;

/** Where the hosts of one site share a label, that is how laggards are told of. */
const toldBy = 'site';

/**
 * Tells of each deployment whose deadline has come, once, who has not come to it. One that was superseded, aborted or
 * went back meanwhile has no laggards: its deadline is forgotten.
 */
export async function tellDeadlines({ db, clock, restored }: Options): Promise<void> {
  if (restored.isRestored()) return;
  const due = await dueAt(db, clock.now());
  for (const { id, environment } of due) {
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, deployingLock(environment));
      const nowMs = clock.now();
      const row = (await dueAt(trx, nowMs)).find((one) => one.id === id);
      if (row === undefined) return;
      const isWanted = ['running', 'paused', 'succeeded'].includes(row.state);
      const told = isWanted ? { deadline_told: 1 } : { deadline_ms: null };
      await trx.updateTable('deployments').set(told).where('id', '=', id).execute();
      if (!isWanted) return;
      const { by, total, counts } = await laggardsOf(trx, row, toldBy, nowMs);
      const message =
        total === 0
          ? 'Its deadline has come, and every host has come to it.'
          : `Its deadline has come, and ${total === 1 ? '1 host has' : `${total} hosts have`} not come to it: ${wordsOf(counts)}. \`xylem deployment laggards ${id}\` names them.`;
      await appendEvent(trx, id, nowMs, {
        kind: 'deadline',
        message,
        details: { by, total, counts: counts.slice(0, 100) },
      });
    });
  }
}

const dueAt = (db: Database, nowMs: number) =>
  db
    .selectFrom('deployments')
    .selectAll()
    .where('deadline_ms', '<=', nowMs)
    .where('deadline_told', 'is', null)
    .execute();

const mostWords = 10;

function wordsOf(counts: Awaited<ReturnType<typeof laggardsOf>>['counts']): string {
  const said = counts
    .slice(0, mostWords)
    .map(({ value, reason, hosts }) => `${value ?? `without ${toldBy}`} ${hosts} ${reason}`);
  const more = counts.length > mostWords ? ` and ${counts.length - mostWords} more groups` : '';
  return said.join(', ') + more;
}

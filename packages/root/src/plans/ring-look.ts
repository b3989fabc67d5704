import type { Database } from '../db/tables.ts';
import { type RingRecords, saveRing } from './ring-records.ts';
import { watchAll } from './ring-watch.ts';
import type { KnownPlan } from './rows.ts';
import { stepOf } from './seen.ts';

/**
 * Watches the ring whose turn it is, and keeps what it shows: before its first environment begins, all of them are
 * watched. In a transaction that holds the plan's lock.
 */
export async function keepRing(
  trx: Database,
  known: KnownPlan,
  records: RingRecords,
  nowMs: number,
): Promise<void> {
  const { document } = known.version;
  if (document.stages.every(({ verdict }) => verdict === undefined)) return;
  let { step, seen } = await stepOf(trx, known, nowMs);
  if (step.kind === 'finished') {
    await saveAll();
    return;
  }
  const stage = document.stages[step.stage];
  if (stage?.verdict !== undefined) {
    const left = stage.environments.filter(({ environment }) => !seen.deployments.has(environment));
    const begun = await watchAll(trx, known.row.id, document.product, left, nowMs);
    if (begun > 0) ({ step, seen } = await stepOf(trx, known, nowMs));
  }
  await saveAll();

  /** A ring that has just passed is no longer the one whose turn it is. */
  async function saveAll(): Promise<void> {
    for (const [index, ring] of seen.rings) await saveRing(trx, records, index, ring, 'seen');
  }
}

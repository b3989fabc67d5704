import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { notify } from '../notify/notify.ts';
import { releaseNamed } from '../publishing/releases.ts';
import type { Root } from '../root.ts';
import { openRecall, recalledName, recallLock, recallNamed } from './rows.ts';

type Options = Pick<Root, 'db' | 'clock' | 'randomness'>;

export interface BeginRecall {
  readonly product: string;
  readonly version: string;
  readonly reason: string;
  readonly who: string;
}

/**
 * Says that a release is recalled: from here on no deployment of it begins anywhere. What there is of it is taken back by
 * `driveRecalls`. Said again it is the same recall, which tries again where it was refused or has stopped.
 * @returns its id
 * @throws XylemError E_NOT_FOUND
 */
export async function beginRecall(
  { db, clock, randomness }: Options,
  { product, version, reason, who }: BeginRecall,
): Promise<string> {
  const { release } = await releaseNamed(db, product, version);
  const nowMs = clock.now();
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, recallLock(release));
    const known = await openRecall(trx, release);
    const id = known?.id ?? `r-${randomness.bytes(6).toString('hex')}`;
    if (known !== undefined) await tryAgain(trx, id, nowMs);
    else {
      const words = { product, version, release, reason };
      const none = { done_ms: null, ended_ms: null, ended_by: null, end_reason: null };
      await trx
        .insertInto('recalls')
        .values({ id, ...words, recalled_by: who, since_ms: nowMs, ...none })
        .execute();
      await tell(trx, id, 'begun', `${product}@${version} was recalled by ${who}: ${reason}`, nowMs);
    }
    await appendAudit(trx, nowMs, {
      who,
      what: known === undefined ? 'release.recall' : 'release.recall-again',
      subject: `release/${product}@${version}`,
      after: { recall: id, release, reason },
    });
    return id;
  });
}

/** What a person has looked at meanwhile. */
async function tryAgain(trx: Database, id: string, nowMs: number): Promise<void> {
  await trx.updateTable('recalls').set({ done_ms: null }).where('id', '=', id).execute();
  const standing = trx.selectFrom('deployments').select('id').where('state', 'in', ['running', 'succeeded']);
  await trx
    .updateTable('recall_environments')
    .set({ outcome: 'due', deployment: null, version: null, code: null, message: null, updated_ms: nowMs })
    .where('recall', '=', id)
    .where((e) => e.or([e('outcome', 'in', ['refused', 'none']), e('deployment', 'not in', standing)]))
    .execute();
}

/**
 * Ends a recall that was a mistake: deployments of the release may begin again, once operators have lifted its
 * quarantines. What goes back goes on.
 * @throws XylemError E_NOT_FOUND
 */
export async function endRecall(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  id: string,
  { reason, who }: { readonly reason: string; readonly who: string },
): Promise<void> {
  const nowMs = clock.now();
  const { release } = await recallNamed(db, id);
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, recallLock(release));
    const row = await recallNamed(trx, id);
    if (row.ended_ms !== null) return;
    await trx
      .updateTable('recalls')
      .set({ ended_ms: nowMs, ended_by: who, end_reason: reason })
      .where('id', '=', id)
      .execute();
    await tell(trx, id, 'ended', `The recall of ${recalledName(row)} was ended by ${who}: ${reason}`, nowMs);
    await appendAudit(trx, nowMs, {
      who,
      what: 'release.recall-end',
      subject: `release/${recalledName(row)}`,
      before: { recall: id, reason: row.reason, by: row.recalled_by },
      after: { reason },
    });
  });
}

/** Those who want to know of the whole installation. */
export async function tell(
  trx: Database,
  id: string,
  what: 'begun' | 'done' | 'ended',
  message: string,
  nowMs: number,
): Promise<void> {
  const { product, version, release, reason } = await recallNamed(trx, id);
  await notify(trx, nowMs, {
    topic: `recall.${what}`,
    environment: null,
    subject: `recall/${id}`,
    message,
    data: { recall: id, product, version, release, reason },
  });
}

import { XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';

const freeFailures = 5;
const firstMs = 1000;
const maxMs = 15 * 60_000;
/** Without a failure for so long, those before are forgotten. */
const forgetMs = 3600_000;

/** How long after the last of so many failures the next attempt has to wait. Pure. */
export function delayMs(failures: number): number {
  return failures < freeFailures ? 0 : Math.min(maxMs, firstMs * 2 ** Math.min(failures - freeFailures, 20));
}

/**
 * How long it still is. Of those who come at once, one may have looked at the clock before another that is counted
 * already; and a clock that was set back must not make anybody wait longer than the longest time. Pure.
 */
export function waitLeftMs(
  { failures, last_ms }: { readonly failures: number; readonly last_ms: number },
  nowMs: number,
): number {
  const delay = delayMs(failures);
  return delay === 0 ? 0 : Math.max(0, Math.min(delay, last_ms + delay - nowMs));
}

/**
 * Counts an attempt before it is looked at: of many at once each finds those before it.
 * @throws XylemError E_THROTTLED, and then nothing is counted
 */
export async function countAttempt(db: Database, keys: readonly string[], nowMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, 'sign-in');
    await trx
      .deleteFrom('sign_in_failures')
      .where('last_ms', '<', nowMs - forgetMs)
      .execute();
    const rows = await trx.selectFrom('sign_in_failures').selectAll().where('key', 'in', keys).execute();
    const waitMs = Math.max(0, ...rows.map((row) => waitLeftMs(row, nowMs)));
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw new XylemError(
        'E_THROTTLED',
        `Too many failed attempts to sign in. Try again in ${retryAfterSeconds} s.`,
        { details: { retryAfterSeconds } },
      );
    }
    for (const key of keys) {
      await trx
        .insertInto('sign_in_failures')
        .values({ key, failures: 1, last_ms: nowMs })
        .onConflict((c) =>
          c.column('key').doUpdateSet((e) => ({
            failures: e('sign_in_failures.failures', '+', 1),
            last_ms: nowMs,
          })),
        )
        .execute();
    }
  });
}

/** The attempt was right: nothing is held against the account, if it was for one, and one less against the address. */
export async function forgiveAttempt(db: Database, account: string | null, address: string): Promise<void> {
  if (account !== null) await db.deleteFrom('sign_in_failures').where('key', '=', account).execute();
  await db
    .updateTable('sign_in_failures')
    .set((e) => ({ failures: e('failures', '-', 1) }))
    .where('key', '=', address)
    .execute();
}

import { type Time, timeMs, timeOf, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import { deployingLock } from '../deployments/rows.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { openFreeze } from './rows.ts';

/**
 * Freezes environments, or says why and until when anew where they are frozen. One transaction for each: what a
 * deployment of it decides after this admits nobody.
 * @throws XylemError E_INPUT for an `until` that has passed
 */
export async function setFreezes(
  { db, clock, deploying }: Root,
  who: string,
  environments: readonly EnvironmentRow[],
  { reason, until }: { readonly reason: string; readonly until?: string | undefined },
): Promise<void> {
  const nowMs = clock.now();
  const untilMs = until === undefined ? null : timeMs(until as Time);
  if (untilMs !== null && !(untilMs > nowMs)) {
    throw new XylemError(
      'E_INPUT',
      `The freeze would end at ${until}, which is no time to come: it is ${timeOf(nowMs)}.`,
    );
  }
  for (const { id } of environments) {
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, deployingLock(id));
      const before = await openFreeze(trx, id, nowMs);
      const since = before?.since_ms ?? nowMs;
      const values = { reason, set_by: who, since_ms: since, until_ms: untilMs };
      await trx
        .insertInto('freezes')
        .values({ environment: id, ...values })
        .onConflict((c) => c.column('environment').doUpdateSet(values))
        .execute();
      await appendAudit(trx, nowMs, {
        who,
        what: 'environment.freeze',
        subject: `environment/${id}`,
        environment: id,
        ...(before === undefined ? {} : { before: { reason: before.reason } }),
        after: { reason, until: until ?? null },
      });
    });
  }
  // So that each deployment that it holds up says so.
  for (const { id } of environments) await deploying.evaluate(id);
}

/** Ends freezes; where there is none nothing changes. What waited goes on at once, channels that moved too. */
export async function endFreezes(
  root: Root,
  who: string,
  environments: readonly EnvironmentRow[],
): Promise<void> {
  const { db, clock, deploying } = root;
  const nowMs = clock.now();
  const ended: string[] = [];
  for (const row of environments) {
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, deployingLock(row.id));
      const before = await openFreeze(trx, row.id, nowMs);
      await trx.deleteFrom('freezes').where('environment', '=', row.id).execute();
      if (before === undefined) return;
      ended.push(row.id);
      await appendAudit(trx, nowMs, {
        who,
        what: 'environment.unfreeze',
        subject: `environment/${row.id}`,
        environment: row.id,
        before: { reason: before.reason, by: before.set_by },
      });
    });
  }
  for (const id of ended) await deploying.evaluate(id);
  if (ended.length > 0) await deploying.startWaiting();
}

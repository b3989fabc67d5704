import type { Sign } from '@xylem/core';
import { holdAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';

/** A sign where it was seen. */
export interface SeenSign extends Sign {
  /** Id of the environment; empty: of the whole installation. */
  readonly environment: string;
  readonly subject: string;
  readonly isHost: boolean;
}

/** Which signs are over. */
export interface SignName {
  readonly environment: string;
  readonly key: string;
  readonly subject: string;
}

const mostMessage = 1_000;
/** Bound parameters have a limit in both databases. */
const chunk = 500;

/** Behind the audit log, which whoever notes may write to before or afterwards: else two could wait for each other. */
async function lockSigns(trx: Database): Promise<void> {
  await holdAudit(trx);
  await lockFor(trx, 'incident-signs');
}

/**
 * Writes evidence down in the transaction of what it was seen in; the next look takes it in, also after a crash.
 * Nobody waits for anything while they hold this lock, so it may be taken behind all others; take none behind it but the audit log's.
 */
export async function noteSigns(trx: Database, seen: readonly SeenSign[], nowMs: number): Promise<void> {
  if (seen.length === 0) return;
  await lockSigns(trx);
  for (let at = 0; at < seen.length; at += chunk) {
    const values = seen
      .slice(at, at + chunk)
      .map(({ environment, key, subject, isHost, message, sinceMs }) => ({
        environment,
        key,
        subject,
        host: isHost ? subject : null,
        message: message.slice(0, mostMessage),
        since_ms: sinceMs,
        noted_ms: nowMs,
        cleared_ms: null,
        incident: null,
        dirty: 1,
      }));
    await trx
      .insertInto('incident_signs')
      .values(values)
      .onConflict((c) =>
        c.columns(['environment', 'key', 'subject']).doUpdateSet((e) => ({
          message: e.ref('excluded.message'),
          cleared_ms: null,
          noted_ms: nowMs,
          dirty: 1,
        })),
      )
      .execute();
  }
}

/** Says that evidence is over; what is not there, or over already, is passed over. */
export async function clearSigns(trx: Database, over: readonly SignName[], nowMs: number): Promise<void> {
  if (over.length === 0) return;
  await lockSigns(trx);
  const causes = Map.groupBy(over, ({ environment, key }) => JSON.stringify([environment, key]));
  for (const names of causes.values()) {
    const [{ environment, key } = { environment: '', key: '' }] = names;
    for (let at = 0; at < names.length; at += chunk) {
      const subjects = names.slice(at, at + chunk).map(({ subject }) => subject);
      await trx
        .updateTable('incident_signs')
        .set({ cleared_ms: nowMs, dirty: 1 })
        .where('environment', '=', environment)
        .where('key', '=', key)
        .where('subject', 'in', subjects)
        .where('cleared_ms', 'is', null)
        .execute();
    }
  }
}

/** Makes the evidence whose key begins so equal to what is seen now. */
export async function reconcileSigns(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  prefix: string,
  seen: readonly SeenSign[],
): Promise<void> {
  const nowMs = clock.now();
  const name = ({ environment, key, subject }: SignName): string =>
    JSON.stringify([environment, key, subject]);
  await db.transaction().execute(async (trx) => {
    const standing = await trx
      .selectFrom('incident_signs')
      .select(['environment', 'key', 'subject'])
      .where('key', 'like', `${prefix}%`)
      .where('cleared_ms', 'is', null)
      .execute();
    const now = new Set(seen.map(name));
    const before = new Set(standing.map(name));
    const over = standing.filter((one) => !now.has(name(one)));
    await clearSigns(trx, over, nowMs);
    await noteSigns(
      trx,
      seen.filter((one) => !before.has(name(one))),
      nowMs,
    );
  });
}

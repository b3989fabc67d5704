import type { AfterWatch } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { NewEvent } from '../deployments/events.ts';
import { clearSigns, noteSigns } from './signs.ts';

/**
 * A deployment that failed, or was seen to fail once it had succeeded, needs a person until another of its product has
 * succeeded there; in the transaction of its event.
 */
export async function noteDeploymentEvent(
  trx: Database,
  id: string,
  nowMs: number,
  { kind, message, details }: NewEvent,
): Promise<void> {
  if (kind !== 'failed' && kind !== 'watch-failed' && kind !== 'succeeded') return;
  const row = await trx
    .selectFrom('deployments')
    .select(['environment', 'product', 'document'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return;
  const { environment, product } = row;
  const prefix = `deployment-failed/${product}/`;
  if (kind === 'succeeded') {
    const standing = await trx
      .selectFrom('incident_signs')
      .select(['environment', 'key', 'subject'])
      .where('environment', '=', environment)
      .where('key', 'like', `${prefix}%`)
      .where('cleared_ms', 'is', null)
      .execute();
    await clearSigns(trx, standing, nowMs);
    return;
  }
  const { to } = JSON.parse(row.document) as { to: { version: string } | null };
  const key = `${prefix}${to?.version ?? ''}`;
  const sinceMs = (kind === 'failed' ? await firstFailure(trx, id) : badSince(details)) ?? nowMs;
  await noteSigns(trx, [{ environment, key, subject: id, isHost: false, sinceMs, message }], nowMs);
}

async function firstFailure(trx: Database, id: string): Promise<number | null> {
  const { first } = await trx
    .selectFrom('deployment_hosts')
    .select((e) => e.fn.min('failed_ms').as('first'))
    .where('deployment', '=', id)
    .executeTakeFirstOrThrow();
  return first === null ? null : Number(first);
}

/** What an event of a watch holds. */
const badSince = ({ watch }: { readonly watch?: Pick<AfterWatch, 'badSince'> }): number | null =>
  watch?.badSince ?? null;

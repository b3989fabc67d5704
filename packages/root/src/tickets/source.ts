import { timeOf, XylemError } from '@xylem/core';
import type { Randomness } from '@xylem/platform';
import type { Selectable } from 'kysely';
import { appendAudit } from '../audit/audit.ts';
import type { Database, Tables } from '../db/tables.ts';
import { newSecret } from '../notify/sign.ts';
import { isWebhookUrl } from '../outgoing/post.ts';

export type SourceRow = Selectable<Tables['change_source']>;

const only = 1;

/** Who is asked about change tickets; undefined: nobody. */
export async function changeSource(db: Database): Promise<SourceRow | undefined> {
  return await db.selectFrom('change_source').selectAll().where('id', '=', only).executeTakeFirst();
}

/** What may be shown of it: never its secret. */
export const shownSource = ({ url, set_by, set_ms }: SourceRow) => ({
  url,
  setBy: set_by,
  set: timeOf(set_ms),
});

/**
 * Says who is asked from now on, in place of who was before; what was answered before counts no more.
 * @returns with its new secret, which is shown once
 * @throws XylemError E_INPUT
 */
export async function setChangeSource(
  db: Database,
  randomness: Randomness,
  { url, who, nowMs }: { readonly url: string; readonly who: string; readonly nowMs: number },
): Promise<SourceRow> {
  if (!isWebhookUrl(url))
    throw new XylemError('E_INPUT', `${url} is no address: https://…, without a name, password or fragment.`);
  const row: SourceRow = { id: only, url, secret: newSecret(randomness), set_by: who, set_ms: nowMs };
  await db.transaction().execute(async (trx) => {
    const before = await removed(trx);
    await trx.insertInto('change_source').values(row).execute();
    await audit(trx, who, nowMs, 'change-source.set', before, row);
  });
  return row;
}

/** @throws XylemError E_NOT_FOUND */
export async function removeChangeSource(db: Database, who: string, nowMs: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const before = await removed(trx);
    if (before === undefined) throw new XylemError('E_NOT_FOUND', 'Nobody is asked about change tickets.');
    await audit(trx, who, nowMs, 'change-source.remove', before, undefined);
  });
}

async function removed(trx: Database): Promise<SourceRow | undefined> {
  await trx.deleteFrom('change_answers').execute();
  return await trx.deleteFrom('change_source').where('id', '=', only).returningAll().executeTakeFirst();
}

async function audit(
  trx: Database,
  who: string,
  nowMs: number,
  what: string,
  before: SourceRow | undefined,
  after: SourceRow | undefined,
): Promise<void> {
  const shown = (row: SourceRow | undefined) => (row === undefined ? null : shownSource(row));
  await appendAudit(trx, nowMs, {
    who,
    what,
    subject: 'change-source',
    before: shown(before),
    after: shown(after),
  });
}

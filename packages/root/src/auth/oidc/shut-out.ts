import { XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import { lockFor } from '../../db/lock.ts';
import type { Database, Tables } from '../../db/tables.ts';

/** One person of an issuer whom nobody lets in here any more, until somebody says so. */
export type ShutOut = Selectable<Tables['oidc_shut_out']>;

/** By account, as sessions and the audit log name it. They outlive their issuer's settings: nothing here ends them. */
export async function listShutOut(db: Database): Promise<ShutOut[]> {
  return await db.selectFrom('oidc_shut_out').selectAll().orderBy('account').execute();
}

export async function isShutOut(db: Database, account: string): Promise<boolean> {
  const row = await db
    .selectFrom('oidc_shut_out')
    .select('account')
    .where('account', '=', account)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Keeps them out and ends their sessions. A sign-in takes the same lock (`enterOidc`): it has either committed before,
 * and its session ends here, or it finds this. An account that never came can be shut out before it does. Nobody of an
 * issuer counts as the last administrator, so there is always one left to take it back. Repeating it keeps who was first.
 * @returns what the issuer last called them, if that is known, and how many sessions ended
 */
export async function shutOut(
  trx: Database,
  account: string,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Promise<{ readonly name: string | null; readonly sessionsEnded: number }> {
  await lockFor(trx, 'oidc');
  const ended = await trx
    .deleteFrom('sessions')
    .where('subject', '=', account)
    .returning(['person', 'created_ms', 'expires_ms'])
    .execute();
  const newest = ended.sort((a, b) => b.created_ms - a.created_ms)[0];
  await trx
    .insertInto('oidc_shut_out')
    .values({ account, name: newest?.person ?? null, shut_by: by, since_ms: nowMs })
    .onConflict((c) => c.column('account').doNothing())
    .execute();
  const { name } = await trx
    .selectFrom('oidc_shut_out')
    .select('name')
    .where('account', '=', account)
    .executeTakeFirstOrThrow();
  return { name, sessionsEnded: ended.filter((one) => one.expires_ms > nowMs).length };
}

/** Their sessions stay ended: they sign in anew. @throws XylemError E_NOT_FOUND if nobody shut them out */
export async function letIn(trx: Database, account: string): Promise<{ readonly name: string | null }> {
  await lockFor(trx, 'oidc');
  const row = await trx
    .deleteFrom('oidc_shut_out')
    .where('account', '=', account)
    .returning('name')
    .executeTakeFirst();
  if (row === undefined) throw new XylemError('E_NOT_FOUND', `${account} is not shut out.`);
  return row;
}

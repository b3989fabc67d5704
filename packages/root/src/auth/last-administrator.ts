import { XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/**
 * Call it at the end of a transaction that took power away from someone: who administers everything and does not
 * expire must remain, or everyone is locked out. The caller holds `lockFor(trx, 'grants')`.
 * @throws XylemError E_CONFLICT, which undoes the transaction
 */
export async function requireAdministrator(trx: Database): Promise<void> {
  const admins = await trx
    .selectFrom('grants')
    .select('subject')
    .where('role', '=', 'admin')
    .where('scope', '=', '*')
    .execute();
  for (const { subject } of admins) {
    const [, kind, name = ''] = /^([a-z-]+)\/(.*)$/s.exec(subject) ?? [];
    // A group's members are the issuer's to say, and a CI rule is nobody.
    if (kind !== 'person' && kind !== 'api-token') continue;
    const remains =
      kind === 'person'
        ? await trx
            .selectFrom('people')
            .select('name')
            .where('name', '=', name)
            .where('disabled', '=', 0)
            .where('password', 'is not', null)
            .executeTakeFirst()
        : await trx
            .selectFrom('api_tokens')
            .select('id')
            .where('id', '=', name)
            .where('expires_ms', 'is', null)
            .executeTakeFirst();
    if (remains !== undefined) return;
  }
  throw new XylemError(
    'E_CONFLICT',
    'Nobody who administers the whole installation would remain. Give someone else that first.',
  );
}

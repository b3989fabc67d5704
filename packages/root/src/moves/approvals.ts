import { accessOf } from '../auth/access.ts';
import { grantsOf } from '../auth/grant-rows.ts';
import type { Database } from '../db/tables.ts';
import type { Word } from './rows.ts';

/**
 * Whether who approved may do so still. Of a person whom an issuer vouches for only their sign-in said what they may:
 * that counts.
 */
export async function stillCounts(
  db: Database,
  { account }: Word,
  tenant: string,
  nowMs: number,
): Promise<boolean> {
  const [, kind, name = ''] = /^([a-z-]+)\/(.*)$/s.exec(account) ?? [];
  if (kind === 'person') {
    const person = await db
      .selectFrom('people')
      .select('disabled')
      .where('name', '=', name)
      .executeTakeFirst();
    if (person?.disabled !== 0) return false;
    return accessOf(await grantsOf(db, `person/${name}`)).inTenant('administer', tenant);
  }
  if (kind !== 'api-token') return true;
  const token = await db
    .selectFrom('api_tokens')
    .select('expires_ms')
    .where('id', '=', name)
    .executeTakeFirst();
  if (token === undefined || (token.expires_ms !== null && token.expires_ms <= nowMs)) return false;
  return accessOf(await grantsOf(db, `api-token/${name}`)).inTenant('administer', tenant);
}

import type { Database } from '../db/tables.ts';
import { type Access, accessOf } from './access.ts';
import { grantsOf, grantsOfGroups } from './grant-rows.ts';
import { isShutOut } from './oidc/shut-out.ts';

/** Who once said something: `groups` as the issuer had said then, of a person whom one vouches for. */
export interface Speaker {
  readonly account: string;
  readonly groups?: readonly string[] | undefined;
}

/**
 * Whether an account may do so still what it once said. Of a person whom an issuer vouches for, what the groups of that
 * moment may by now counts, unless they were shut out since.
 */
export async function stillMay(
  db: Database,
  { account, groups = [] }: Speaker,
  may: (access: Access) => boolean,
  nowMs: number,
): Promise<boolean> {
  const [, kind, name = ''] = /^([a-z-]+)\/(.*)$/s.exec(account) ?? [];
  if (kind === 'person') {
    const person = await db
      .selectFrom('people')
      .select('disabled')
      .where('name', '=', name)
      .executeTakeFirst();
    return person?.disabled === 0 && may(accessOf(await grantsOf(db, `person/${name}`)));
  }
  if (kind === 'oidc')
    return !(await isShutOut(db, account)) && may(accessOf(await grantsOfGroups(db, groups)));
  if (kind !== 'api-token') return true;
  const token = await db
    .selectFrom('api_tokens')
    .select('expires_ms')
    .where('id', '=', name)
    .executeTakeFirst();
  if (token === undefined || (token.expires_ms !== null && token.expires_ms <= nowMs)) return false;
  return may(accessOf(await grantsOf(db, `api-token/${name}`)));
}

import type { Database } from '../db/tables.ts';
import { type Access, accessOf } from './access.ts';
import { grantsOf, grantsOfGroups } from './grant-rows.ts';
import { isShutOut } from './oidc/shut-out.ts';

/** Who once said something: `groups` as the issuer had said then, of a person whom one vouches for. */
export interface Speaker {
  readonly account: string;
  readonly groups?: readonly string[] | undefined;
}

/** Whether an account may do so still what it once said. */
export async function stillMay(
  db: Database,
  speaker: Speaker,
  may: (access: Access) => boolean,
  nowMs: number,
): Promise<boolean> {
  return (await whatStill(db, speaker, nowMs))(may);
}

const nothing = (): boolean => false;
const anything = (): boolean => true;

/**
 * What an account may do by now, asked as often as there are places. Of a person whom an issuer vouches for, what the
 * groups of that moment may by now counts, unless they were shut out since.
 */
export async function whatStill(
  db: Database,
  { account, groups = [] }: Speaker,
  nowMs: number,
): Promise<(may: (access: Access) => boolean) => boolean> {
  const by = (access: Access) => (may: (access: Access) => boolean) => may(access);
  const [, kind, name = ''] = /^([a-z-]+)\/(.*)$/s.exec(account) ?? [];
  if (kind === 'person') {
    const person = await db
      .selectFrom('people')
      .select('disabled')
      .where('name', '=', name)
      .executeTakeFirst();
    return person?.disabled === 0 ? by(accessOf(await grantsOf(db, `person/${name}`))) : nothing;
  }
  if (kind === 'oidc')
    return (await isShutOut(db, account)) ? nothing : by(accessOf(await grantsOfGroups(db, groups)));
  if (kind !== 'api-token') return anything;
  const token = await db
    .selectFrom('api_tokens')
    .select('expires_ms')
    .where('id', '=', name)
    .executeTakeFirst();
  if (token === undefined || (token.expires_ms !== null && token.expires_ms <= nowMs)) return nothing;
  return by(accessOf(await grantsOf(db, `api-token/${name}`)));
}

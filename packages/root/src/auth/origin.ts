import { XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { Who } from './api-tokens.ts';

/** `person/anna`, `api-token/<id>`: who asks, without the readable name that the audit log adds. */
export const accountOf = ({ subject }: Pick<Who, 'subject'>): string => subject.replace(/ \(.*\)$/s, '');

/** Whose the tokens are that were made on the root server's machine, and those from before makers were noted. */
export const localOrigin = 'local';
/** Whose the tokens are that CI jobs were given: nobody's. */
export const ciOrigin = 'ci';

/**
 * As whom somebody counts where two persons are asked for (docs/spec/people.md, Four eyes): a person as themselves, a
 * token as who made it, through however many tokens. One that was revoked since its request came in is nobody's: taken
 * for the machine's it would make its maker two.
 * @throws XylemError E_UNAUTHORISED
 */
export async function originOf(db: Database, who: Pick<Who, 'subject'>): Promise<string> {
  const account = accountOf(who);
  const [, id] = /^api-token\/(.*)$/s.exec(account) ?? [];
  if (id === undefined) return account;
  const row = await db.selectFrom('api_tokens').select('made_by').where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new XylemError('E_UNAUTHORISED', 'The token was revoked.');
  return row.made_by ?? localOrigin;
}

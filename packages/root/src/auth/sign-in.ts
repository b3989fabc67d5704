import { XylemError } from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import { appendAudit } from '../audit/audit.ts';
import { withOrigin } from '../audit/origin.ts';
import type { Database } from '../db/tables.ts';
import type { Passwords } from './passwords.ts';
import { type NewSession, openSession } from './sessions.ts';
import { countAttempt, forgiveAttempt } from './throttle.ts';

export interface SigningIn {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly passwords: Passwords;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Checks a name and its password, throttled.
 * @throws XylemError E_UNAUTHORISED (unknown, wrong and disabled read the same), E_THROTTLED, E_BUSY
 */
export async function checkPassword(
  { db, clock, passwords, log }: SigningIn,
  {
    name,
    password,
    from,
  }: { readonly name: string; readonly password: string; readonly from: string | null },
): Promise<void> {
  const account = `account/${name}`;
  const address = `address/${from ?? ''}`;
  await countAttempt(db, [account, address], clock.now());
  const person = await db
    .selectFrom('people')
    .select(['password', 'disabled'])
    .where('name', '=', name)
    .executeTakeFirst();
  const kept = person === undefined || person.disabled === 1 ? null : person.password;
  if (!(await passwords.check(password, kept))) {
    log.warn('a sign-in failed', { name, from });
    throw new XylemError('E_UNAUTHORISED', 'The name or the password is wrong.');
  }
  await forgiveAttempt(db, account, address);
}

/** Opens a session for a name and its password. @throws as `checkPassword` */
export async function signIn(
  root: SigningIn,
  given: Pick<NewSession, 'kind' | 'from'> & {
    readonly name: string;
    readonly password: string;
    /** Where: a host name, a browser's name. */
    readonly device: string;
  },
): Promise<{ readonly id: string; readonly token: string; readonly expiresMs: number }> {
  await checkPassword(root, given);
  const { name, kind, device, from } = given;
  const subject = `person/${name}` as const;
  return await withOrigin({ who: subject, from }, () =>
    root.db.transaction().execute(async (trx) => {
      const session = await openSession(trx, root, { subject, kind, name: device, from });
      await appendAudit(trx, root.clock.now(), {
        who: subject,
        what: 'session.open',
        subject: `session/${session.id}`,
        after: { kind, device },
      });
      return session;
    }),
  );
}

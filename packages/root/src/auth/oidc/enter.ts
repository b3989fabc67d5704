import type { Clock, Log, Randomness } from '@xylem/platform';
import { appendAudit } from '../../audit/audit.ts';
import { withOrigin } from '../../audit/origin.ts';
import { lockFor } from '../../db/lock.ts';
import type { Database } from '../../db/tables.ts';
import { grantsOfGroups } from '../grant-rows.ts';
import { printable } from '../printable.ts';
import { type NewSession, openSession, shownSubject } from '../sessions.ts';
import { type Claims, personOf } from './claims.ts';
import { oidcFault } from './faults.ts';
import { accountOf, type PresentOidc, readOidc } from './settings.ts';
import { isShutOut } from './shut-out.ts';

export interface Entering {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Pick<Log, 'warn'>;
}

type Place = Pick<NewSession, 'kind' | 'from'> & { readonly device: string };

/**
 * Opens a session for whom the issuer's verified claims name, if one of their groups may do something and nobody shut
 * them out here.
 * @throws XylemError E_OIDC, also if the settings were changed meanwhile
 */
export async function enterOidc(
  root: Entering,
  settings: PresentOidc,
  claims: Claims,
  { kind, from, device }: Place,
): Promise<{ readonly token: string; readonly name: string; readonly expiresMs: number }> {
  const { sub, name, groups } = personOf(claims, settings);
  const subject = accountOf(settings, sub);
  return await withOrigin({ who: shownSubject(subject, name), from }, () =>
    root.db.transaction().execute(async (trx) => {
      await lockFor(trx, 'oidc');
      if ((await readOidc(trx))?.key !== settings.key)
        throw oidcFault('refused', 'How people sign in was changed meanwhile. Begin again.');
      if (await isShutOut(trx, subject)) throw shutOutHere(subject, name);
      const grants = await grantsOfGroups(trx, groups);
      if (grants.length === 0) throw unmapped(name, groups);
      const session = await openSession(trx, root, {
        subject,
        kind,
        name: device,
        said: { name, groups },
        from,
      });
      await appendAudit(trx, root.clock.now(), {
        who: subject,
        what: 'session.open',
        subject: `session/${session.id}`,
        after: { kind, device, issuer: settings.issuer, grants },
      });
      return { token: session.token, name: `oidc/${name}`, expiresMs: session.expiresMs };
    }),
  );
}

const shutOutHere = (subject: string, name: string) =>
  oidcFault(
    'shut-out',
    `The issuer knows you as ${name}, and that account was shut out here. An administrator lets it in again: xylem person enable ${subject}`,
  );

const named = 10;

function unmapped(name: string, groups: readonly string[]) {
  const some = printable(groups.slice(0, named).join(', '));
  const more = groups.length > named ? `, and ${groups.length - named} more` : '';
  const has = groups.length === 0 ? 'in no group at all' : `in ${some}${more}`;
  return oidcFault(
    'group',
    `The issuer knows you as ${name}, ${has}; none of that may do anything here. An administrator lets a group in by \`xylem group grant\`.`,
  );
}

import { timeOf, XylemError } from '@xylem/core';
import { appendAudit } from '../../audit/audit.ts';
import { addressOf } from '../../audit/origin.ts';
import type { Who } from '../../auth/api-tokens.ts';
import { checkGrant } from '../../auth/grants.ts';
import { listShutOut } from '../../auth/oidc/shut-out.ts';
import {
  changeGrants,
  createPerson,
  listPeople,
  type Person,
  personNamed,
  setDisabled,
  setPassword,
} from '../../auth/people.ts';
import { endSession, listSessions, shownSubject } from '../../auth/sessions.ts';
import { checkPassword, type SigningIn, signIn } from '../../auth/sign-in.ts';
import type { Database } from '../../db/tables.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { peopleRoutes } from '../routes/people.ts';

export function peopleHandlers(root: Root): Pick<Handlers, keyof typeof peopleRoutes> {
  const { db, clock } = root;
  const signing: SigningIn = root;
  /** A change and its entry. Passwords stand in no entry. */
  const audited = async (
    who: Who,
    what: string,
    name: string,
    change: (trx: Database) => Promise<{ before?: unknown; after?: unknown }>,
  ) => {
    await db.transaction().execute(async (trx) => {
      const entry = { who: who.name, what, subject: `person/${name}`, ...(await change(trx)) };
      await appendAudit(trx, clock.now(), entry);
    });
    return shown(await personNamed(db, name));
  };
  return {
    signIn: async ({ body: { name, password, device = 'a command line' }, request }) => {
      const from = addressOf(request.socket.remoteAddress);
      const session = await signIn(signing, { name, password, device, kind: 'cli', from });
      return { token: session.token, name, expires: timeOf(session.expiresMs) };
    },
    sessionList: async ({ who }) => ({
      sessions: (await listSessions(db, clock, subjectFor(who))).map((row) => ({
        id: row.id,
        subject: shownSubject(row.subject, row.person),
        kind: row.kind,
        device: row.name,
        from: row.from_address,
        created: timeOf(row.created_ms),
        used: timeOf(row.used_ms),
        expires: timeOf(row.expires_ms),
        current: row.id === who.tokenId,
      })),
    }),
    sessionRevoke: async ({ params: { id }, who }) => {
      const session = (await listSessions(db, clock, subjectFor(who))).find((row) => row.id === id);
      if (session === undefined) throw new XylemError('E_NOT_FOUND', `There is no session ${id}.`);
      await db.transaction().execute(async (trx) => {
        await endSession(trx, id);
        await appendAudit(trx, clock.now(), {
          who: who.name,
          what: 'session.end',
          subject: `session/${id}`,
          before: { of: shownSubject(session.subject, session.person) },
        });
      });
      return {};
    },
    personCreate: async ({ body: { name, password, grants = [] }, who }) => {
      grants.forEach(checkGrant);
      const kept = await root.passwords.hash(password);
      return await audited(who, 'person.create', name, async (trx) => {
        await createPerson(trx, clock, { name, password: kept, grants });
        return { after: { grants } };
      });
    },
    personList: async () => ({
      people: (await listPeople(db)).map(shown),
      shutOut: (await listShutOut(db)).map((one) => ({
        account: one.account,
        name: one.name,
        since: timeOf(one.since_ms),
        by: one.shut_by,
      })),
    }),
    personGrants: async ({ params: { name }, body: { add = [], remove = [] }, who }) => {
      add.forEach(checkGrant);
      return await audited(who, 'person.grants', name, (trx) =>
        changeGrants(trx, clock, name, { add, remove }),
      );
    },
    personDisable: async ({ params: { name }, body: { disabled }, who }) =>
      await audited(who, disabled ? 'person.disable' : 'person.enable', name, async (trx) => {
        await setDisabled(trx, name, disabled);
        return { after: { disabled } };
      }),
    personPassword: async ({ params: { name }, body: { password, present }, who, request }) => {
      const isOwn = who.kind === 'person' && who.name === name;
      if (isOwn) {
        const from = addressOf(request.socket.remoteAddress);
        await checkPassword(signing, { name, password: present ?? '', from });
      } else if (!who.access.everywhere('administer')) {
        throw new XylemError('E_FORBIDDEN', "You may set your own password, and not another person's.");
      }
      const kept = await root.passwords.hash(password);
      await audited(who, 'person.password', name, async (trx) => {
        await setPassword(trx, clock, name, kept, isOwn ? who.tokenId : null);
        return {};
      });
      return {};
    },
  };
}

/** Whose sessions somebody sees; null: everybody's. */
const subjectFor = ({ account, access }: Who): string | null =>
  access.everywhere('administer') ? null : account;

function shown({ name, grants, disabled, createdMs, passwordMs }: Person) {
  return {
    name,
    grants: grants.map((grant) => ({ ...grant })),
    disabled,
    created: timeOf(createdMs),
    passwordSet: passwordMs === null ? null : timeOf(passwordMs),
  };
}

import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { addGrants, grantsByKind, grantsOf, removeGrants } from './grant-rows.ts';
import type { Grant } from './grants.ts';
import { requireAdministrator } from './last-administrator.ts';

export interface Person {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly disabled: boolean;
  readonly createdMs: number;
  readonly passwordMs: number | null;
}

export async function listPeople(db: Database): Promise<Person[]> {
  const rows = await db.selectFrom('people').selectAll().orderBy('name').execute();
  const grants = await grantsByKind(db, 'person');
  return rows.map((row) => ({
    name: row.name,
    grants: grants.get(`person/${row.name}`) ?? [],
    disabled: row.disabled === 1,
    createdMs: row.created_ms,
    passwordMs: row.password_ms,
  }));
}

/** @throws XylemError E_NOT_FOUND */
export async function personNamed(db: Database, name: string): Promise<Person> {
  const person = (await listPeople(db)).find((one) => one.name === name);
  if (person === undefined) throw new XylemError('E_NOT_FOUND', `There is no person ${name}.`);
  return person;
}

/** All that follows is called in the transaction of its entry in the audit log. @throws XylemError E_CONFLICT */
export async function createPerson(
  trx: Database,
  clock: Pick<Clock, 'now'>,
  {
    name,
    password,
    grants,
  }: { readonly name: string; readonly password: string; readonly grants: readonly Grant[] },
): Promise<void> {
  const nowMs = clock.now();
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('people')
    .values({ name, password, disabled: 0, created_ms: nowMs, password_ms: nowMs })
    .onConflict((c) => c.column('name').doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n)
    throw new XylemError('E_CONFLICT', `There is already a person ${name}.`);
  await addGrants(trx, `person/${name}`, grants, nowMs);
}

/** Adds grants and takes others away. @throws XylemError E_NOT_FOUND, E_CONFLICT (the last administrator) */
export async function changeGrants(
  trx: Database,
  clock: Pick<Clock, 'now'>,
  name: string,
  { add, remove }: { readonly add: readonly Grant[]; readonly remove: readonly Grant[] },
): Promise<{ readonly before: readonly Grant[]; readonly after: readonly Grant[] }> {
  await lockFor(trx, 'grants');
  const { grants: before } = await personNamed(trx, name);
  const subject = `person/${name}` as const;
  await removeGrants(trx, subject, remove);
  await addGrants(trx, subject, add, clock.now());
  const after = await grantsOf(trx, subject);
  const isAdmin = (grants: readonly Grant[]): boolean =>
    grants.some(({ role, scope }) => role === 'admin' && scope === '*');
  if (isAdmin(before) && !isAdmin(after)) await requireAdministrator(trx);
  return { before, after };
}

/** A new password ends every session of the person but the one that set it. @throws XylemError E_NOT_FOUND */
export async function setPassword(
  trx: Database,
  clock: Pick<Clock, 'now'>,
  name: string,
  password: string,
  keptSession: string | null,
): Promise<void> {
  await personNamed(trx, name);
  await trx
    .updateTable('people')
    .set({ password, password_ms: clock.now() })
    .where('name', '=', name)
    .execute();
  await endSessionsOf(trx, name, keptSession);
}

/** Disabling ends every session. @throws XylemError E_NOT_FOUND, E_CONFLICT (the last administrator) */
export async function setDisabled(trx: Database, name: string, disabled: boolean): Promise<void> {
  await lockFor(trx, 'grants');
  const { grants } = await personNamed(trx, name);
  await trx
    .updateTable('people')
    .set({ disabled: disabled ? 1 : 0 })
    .where('name', '=', name)
    .execute();
  if (!disabled) return;
  await endSessionsOf(trx, name, null);
  if (grants.some(({ role, scope }) => role === 'admin' && scope === '*')) await requireAdministrator(trx);
}

async function endSessionsOf(trx: Database, name: string, kept: string | null): Promise<void> {
  await trx
    .deleteFrom('sessions')
    .where('subject', '=', `person/${name}`)
    .where('id', '!=', kept ?? '')
    .execute();
}

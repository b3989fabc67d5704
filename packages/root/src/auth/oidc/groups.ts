import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { lockFor } from '../../db/lock.ts';
import type { Database } from '../../db/tables.ts';
import { addGrants, grantsByKind, grantsOf, removeGrants } from '../grant-rows.ts';
import type { Grant } from '../grants.ts';

interface Group {
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** Groups that may do something, by name. */
export async function listGroups(db: Database): Promise<Group[]> {
  const grants = await grantsByKind(db, 'group');
  return [...grants]
    .map(([subject, own]) => ({ name: subject.slice('group/'.length), grants: own }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Adds grants and takes others away. Call it in the transaction of its entry. @throws XylemError E_NOT_FOUND */
export async function changeGroup(
  trx: Database,
  clock: Pick<Clock, 'now'>,
  name: string,
  { add, remove }: { readonly add: readonly Grant[]; readonly remove: readonly Grant[] },
): Promise<{ readonly before: readonly Grant[]; readonly after: readonly Grant[] }> {
  await lockFor(trx, 'grants');
  const subject = `group/${name}` as const;
  const before = await grantsOf(trx, subject);
  const has = ({ role, scope }: Grant): boolean =>
    before.some((one) => one.role === role && one.scope === scope);
  const missing = remove.find((grant) => !has(grant));
  if (missing !== undefined) {
    throw new XylemError('E_NOT_FOUND', `The group ${name} is not ${missing.role} in ${missing.scope}.`);
  }
  await removeGrants(trx, subject, remove);
  await addGrants(trx, subject, add, clock.now());
  return { before, after: await grantsOf(trx, subject) };
}

import type { Database } from '../db/tables.ts';
import type { Grant, Role } from './grants.ts';

type SubjectKind = 'api-token' | 'person' | 'ci-rule' | 'group';
export type Subject = `${SubjectKind}/${string}`;

export async function grantsOf(db: Database, subject: Subject): Promise<Grant[]> {
  const rows = await db
    .selectFrom('grants')
    .select(['role', 'scope'])
    .where('subject', '=', subject)
    .orderBy('scope')
    .orderBy('role')
    .execute();
  return rows.map(({ role, scope }) => ({ role: role as Role, scope }));
}

/** Grants of all subjects of one kind, by subject. */
export async function grantsByKind(db: Database, kind: SubjectKind): Promise<Map<string, Grant[]>> {
  const rows = await db
    .selectFrom('grants')
    .select(['subject', 'role', 'scope'])
    .where('subject', 'like', `${kind}/%`)
    .orderBy('scope')
    .orderBy('role')
    .execute();
  const grouped = Map.groupBy(rows, ({ subject }) => subject);
  return new Map(
    [...grouped].map(([subject, own]) => [
      subject,
      own.map(({ role, scope }) => ({ role: role as Role, scope })),
    ]),
  );
}

/** What all these groups together give at this moment, each grant once. */
export async function grantsOfGroups(db: Database, groups: readonly string[]): Promise<Grant[]> {
  if (groups.length === 0) return [];
  const rows = await db
    .selectFrom('grants')
    .select(['role', 'scope'])
    .distinct()
    .where(
      'subject',
      'in',
      groups.map((group) => `group/${group}`),
    )
    .orderBy('scope')
    .orderBy('role')
    .execute();
  return rows.map(({ role, scope }) => ({ role: role as Role, scope }));
}

/** Given once more, a grant stays what it is. */
export async function addGrants(
  trx: Database,
  subject: Subject,
  grants: readonly Grant[],
  nowMs: number,
): Promise<void> {
  for (const { role, scope } of grants) {
    await trx
      .insertInto('grants')
      .values({ subject, role, scope, created_ms: nowMs })
      .onConflict((c) => c.columns(['subject', 'role', 'scope']).doNothing())
      .execute();
  }
}

export async function removeGrants(
  trx: Database,
  subject: Subject,
  grants?: readonly Grant[],
): Promise<void> {
  for (const grant of grants ?? [null]) {
    let removal = trx.deleteFrom('grants').where('subject', '=', subject);
    if (grant !== null) removal = removal.where('role', '=', grant.role).where('scope', '=', grant.scope);
    await removal.execute();
  }
}

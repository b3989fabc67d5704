import { fitOf, type KnownRelease, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { acceptsOf, usersOf } from './needs.ts';
import { backupsOf, documentsOf, migratedIn } from './rows.ts';

/**
 * Hosts would refuse what needs a shape that was taken away, one after the other, and some would have ended what they
 * run by then. @throws XylemError E_MIGRATION_CONTRACTED with the way back that there is
 */
export async function refuseContracted(
  db: Database,
  environment: EnvironmentRow,
  { release }: KnownRelease,
): Promise<void> {
  const databases = await migratedIn(db, environment.id);
  if (databases.length === 0) return;
  const documents = await documentsOf(
    db,
    release.packages.map(({ package: digest }) => digest),
  );
  for (const row of databases) {
    const users = usersOf(row, documents.values());
    for (const { component, version, package: digest } of release.packages) {
      const accepts = acceptsOf(documents.get(digest), component, row, users);
      if (accepts === null || fitOf(accepts, row.shapes) !== 'contracted') continue;
      const { database, shapes } = row;
      const backup = (await backupsOf(db, environment.id, database)).find(
        (one) => fitOf(accepts, one) === 'fits',
      );
      const back =
        backup === undefined
          ? 'No backup of a schema that it works with is registered.'
          : `To bring the database back as it was, and lose what was written since: xylem migrate restore ${database} --in ${fullName(environment)} --backup ${backup.term}`;
      throw new XylemError(
        'E_MIGRATION_CONTRACTED',
        `${component} ${version} works with ${database} up to schema ${accepts.to}, and the contract to ${shapes.oldest} has taken that away. ${back}`,
        {
          details: {
            database,
            component,
            oldest: shapes.oldest,
            ...(backup === undefined ? {} : { backup: backup.term }),
          },
        },
      );
    }
  }
}

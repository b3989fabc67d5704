import { type Kysely, sql } from 'kysely';

/** Whose children hosts say to be: of a relay below which some are silent it is asked whether any is heard. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index reports_parent_host on reports (parent_host) where parent_host is not null`.execute(
    db,
  );
}

import type { Database } from './tables.ts';

/**
 * Lets one transaction at a time go on from here, of all that name the same thing; the others wait until it has
 * committed and then see what it wrote. SQLite has one transaction at a time anyway; PostgreSQL runs them at once, and
 * what is read, decided and written without this may have been decided twice. Take it first, before anything is read.
 */
export async function lockFor(trx: Database, name: string): Promise<void> {
  await trx
    .insertInto('settings')
    .values({ key: `lock/${name}`, value: '' })
    .onConflict((c) => c.column('key').doUpdateSet({ value: '' }))
    .execute();
}

import { type Cleanup, postgres } from '@xylem/testkit';
import type { RootConfig } from '../state/folder.ts';

/** Where a test of both databases runs: over SQLite, and over a PostgreSQL of its own where there is one. */
export interface TestDatabase {
  readonly kind: 'sqlite' | 'postgres';
  /** Why there is none; false: there is. */
  readonly skip: string | false;
  /** For `rootFixture`. @param name of an empty database */
  readonly options: (name: string) => Promise<{ readonly database?: NonNullable<RootConfig['database']> }>;
}

export async function testDatabases(context: Cleanup): Promise<readonly TestDatabase[]> {
  const server = await postgres(context);
  return [
    { kind: 'sqlite', skip: false, options: async () => ({}) },
    {
      kind: 'postgres',
      skip: 'skip' in server ? server.skip : false,
      options: async (name) =>
        'skip' in server ? {} : { database: { kind: 'postgres', url: await server.createDatabase(name) } },
    },
  ];
}

import { resolve } from 'node:path';
import type { Clock, Randomness } from '@xylem/platform';
import { type InitializedRoot, initRoot } from '@xylem/root';
import { text } from '../../frame/define.ts';
import type { Home } from '../../home/home.ts';
import { createKey } from '../../publishing/keys.ts';

export const stateOption = {
  state: text('<folder>', "the root server's state folder (default: .xylem/root)"),
};

export const rootFolder = (state: string | undefined): string => resolve(state ?? '.xylem/root');

/**
 * Makes the state folder of a root server, unless it is one already. The vendor's keys are saved in the person's own
 * folder before anything is signed by them, so that no crash leaves a repository whose keys nobody has.
 */
export async function ensureRoot(options: {
  readonly folder: string;
  readonly home: Home;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly tenant?: string;
  readonly exists: boolean;
  /** Of PostgreSQL; otherwise SQLite below the state folder. */
  readonly databaseUrl?: string;
  /** Ask for a passphrase of the vendor's keys, where a person can be asked. */
  readonly ask?: boolean;
}): Promise<InitializedRoot> {
  const { folder, home, clock, randomness, tenant, databaseUrl } = options;
  if (options.exists) return { created: false, operatorToken: null, releaseRepository: null };
  const rootKey = await createKey(home.keysFolder, 'root', options);
  const targetsKey = await createKey(home.keysFolder, 'targets', options);
  const named = tenant === undefined ? {} : { tenant };
  const database =
    databaseUrl === undefined ? {} : { database: { kind: 'postgres', url: databaseUrl } as const };
  return initRoot({
    stateFolder: folder,
    clock,
    randomness,
    vendor: { rootKey, targetsKey },
    ...named,
    ...database,
  });
}

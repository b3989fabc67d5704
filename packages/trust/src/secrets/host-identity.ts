import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, writeFileAtomic } from '@xylem/platform';
import { type AgeIdentity, generateAgeIdentity, readAgeIdentity } from './age-identity.ts';

/**
 * The host's own age identity, from `secrets.key` (0600) of its identity folder, made if there is none. One that can't
 * be read is set aside: a new one only means that data keys must be wrapped anew.
 */
export async function hostAgeIdentity(folder: string, log: Log): Promise<AgeIdentity> {
  const path = join(folder, 'secrets.key');
  try {
    return readAgeIdentity(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.error('the key for secrets is damaged, set aside; another is made', { path });
      await rename(path, `${path}.damaged`);
    }
  }
  const made = generateAgeIdentity();
  await writeFileAtomic(path, `${made.identity}\n`, { mode: 0o600 });
  return made;
}

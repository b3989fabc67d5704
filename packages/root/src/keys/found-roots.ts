import { limits, XylemError } from '@xylem/core';
import type { ObjectSource } from '@xylem/store';
import { checkNextRoot, metadataPath } from '@xylem/trust';
import { readSource } from '../backup/read-source.ts';
import { repositoryPath, writeRepositoryFiles } from '../publishing/repository-files.ts';
import { saveRole } from '../publishing/roles.ts';
import type { Root } from '../root.ts';
import { newestRoot } from './root-versions.ts';

const maxRoots = 1024;

/**
 * Takes from a relay the roots that were signed after the backup, each proved by the one before: hosts have taken them
 * too, and what this server signs next must be by the keys that they name. Keys that only the lost server had are
 * missing then, and are rotated by a person.
 */
export async function takeFoundRoots(root: Root, source: ObjectSource, repository: string): Promise<number> {
  let taken = 0;
  let present = await newestRoot(root.repository, repository);
  for (; taken < maxRoots; taken += 1) {
    const path = metadataPath('root', present.version + 1);
    const bytes = await readSource(source, repositoryPath(repository, path), limits.rootMetadata);
    if (bytes === null) break;
    try {
      present = checkNextRoot(present.bytes, bytes);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      root.log.warn('a relay gave a root that does not verify', { repository, source: source.name, error });
      break;
    }
    // The database first: of what it says the folder is made good at the next start, not the other way round.
    if (repository === root.config.releaseRepository) await saveRole(root.db, repository, 'root', bytes);
    await writeRepositoryFiles(root.repository, repository, [{ path, bytes }]);
    root.log.info('took a root that is newer than the backup', { repository, version: present.version });
  }
  return taken;
}

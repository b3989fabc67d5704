import type { Digest, DomainId } from '@xylem/core';
import type { Root } from '../root.ts';

/** Removes the files that were noted, what leads to others first, and then the notes. Nobody may publish meanwhile. */
export async function finishRemovals({ db, repository }: Pick<Root, 'db' | 'repository'>): Promise<void> {
  const rows = await db.selectFrom('store_removals').selectAll().orderBy('kind', 'desc').execute();
  for (const { domain, kind, digest } of rows) {
    if (kind === 'object') await repository.removeObject(domain as DomainId, digest as Digest);
    else {
      await repository.removeFile(`o/${domain}/patches/${digest}`);
      await repository.removeFile(`o/${domain}/offers/${digest}`);
    }
    await db
      .deleteFrom('store_removals')
      .where('domain', '=', domain)
      .where('kind', '=', kind)
      .where('digest', '=', digest)
      .execute();
  }
}

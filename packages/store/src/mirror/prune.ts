import { type Digest, type DomainId, isDigest } from '@xylem/core';
import type { Repository } from '../repository/repository.ts';

/**
 * Removes what a domain holds and `keep` does not name: objects and packs by their digests, offers and lists of patches by their trees'.
 * What leads to objects goes before them.
 */
export async function prune(
  repository: Repository,
  domain: DomainId,
  keep: ReadonlySet<Digest>,
): Promise<{ removed: number; freedBytes: number }> {
  let removed = 0;
  let freedBytes = 0;
  for (const folder of [`o/${domain}/offers`, `o/${domain}/patches`]) {
    for (const tree of await repository.listFiles(folder)) {
      if (!isDigest(tree) || keep.has(tree)) continue;
      await repository.removeFile(`${folder}/${tree}`);
      removed += 1;
    }
  }
  for await (const digest of repository.listObjects(domain)) {
    if (keep.has(digest)) continue;
    freedBytes += (await repository.objectSize(domain, digest)) ?? 0;
    await repository.removeObject(domain, digest);
    removed += 1;
  }
  return { removed, freedBytes };
}

import type { Digest, DomainId } from '@xylem/core';
import { publishOffer } from '@xylem/store';
import type { TreeRegister } from '../api/schemas/publishing.ts';
import type { Root } from '../root.ts';

/**
 * Reads a tree's text from the packs that were sent, checks it and every chunk's place, and writes its offer.
 * The same again changes nothing.
 * @throws XylemError E_TREE_INVALID and the other E_TREE codes, E_OBJECT_MISSING where a chunk is in no pack
 */
export async function registerTree(root: Root, domain: string, body: TreeRegister) {
  return await root.contents.within(() => register(root, domain, body));
}

async function register(root: Root, domain: string, body: TreeRegister) {
  const tree = body.tree as Digest;
  const known = await root.db
    .selectFrom('trees')
    .select(['files', 'size_bytes'])
    .where('domain', '=', domain)
    .where('tree', '=', tree)
    .executeTakeFirst();
  if (known !== undefined) return { tree, files: known.files, sizeBytes: known.size_bytes, created: false };
  const { files, sizeBytes } = await publishOffer({
    repository: root.repository,
    domain: domain as DomainId,
    tree,
    treeChunks: body.treeChunks.map(([digest, size]) => [digest as Digest, size]),
    index: root.chunks,
  });
  await root.db
    .insertInto('trees')
    .values({ domain, tree, files, size_bytes: sizeBytes, created_ms: root.clock.now() })
    .onConflict((c) => c.columns(['domain', 'tree']).doNothing())
    .execute();
  return { tree, files, sizeBytes, created: true };
}

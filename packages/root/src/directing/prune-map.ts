import { changedHostMapNodes, type Digest, type DomainId, parseDesiredState } from '@xylem/core';
import { prune, type Repository } from '@xylem/store';
import type { Database } from '../db/tables.ts';
import { readHistory } from './history.ts';

/**
 * Removes host map nodes that no kept snapshot leads to. To be called only where nothing publishes the environment at
 * the same time: a node is written before the desired state that names it.
 */
export async function pruneHostMap(db: Database, folder: Repository, environment: string): Promise<number> {
  const domain = environment as unknown as DomainId;
  const keep = new Set<Digest>();
  const get = async (digest: Digest) => (await folder.readObject(domain, digest)) ?? undefined;
  const row = await db
    .selectFrom('directions')
    .select('document')
    .where('environment', '=', environment)
    .executeTakeFirst();
  const documents = (await readHistory(db, environment)).map(({ document }) => document);
  for (const document of row === undefined ? documents : [row.document, ...documents]) {
    const { hostMap } = parseDesiredState(document);
    if (keep.has(hostMap)) continue;
    for (const digest of await changedHostMapNodes(undefined, hostMap, get)) keep.add(digest);
  }
  const { removed } = await prune(folder, domain, keep);
  return removed;
}

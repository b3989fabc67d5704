import type { Digest, DomainId } from '@xylem/core';
import { type Repository, readOffer, repositorySource, type Travel, travelOf } from '@xylem/store';

/**
 * What goes to a host that has the former tree, or none, and knows no patch.
 * @throws XylemError E_OBJECT_MISSING, E_OFFER_INVALID, E_STORAGE
 */
export async function travelBetween(
  repository: Repository,
  domain: DomainId,
  { from, to }: { readonly from: Digest | null; readonly to: Digest },
): Promise<Travel> {
  const source = repositorySource(repository);
  const read = async (tree: Digest) => (await readOffer(domain, tree, { source })).offer;
  return travelOf(await read(to), from === null ? [] : [await read(from)]);
}

import { XylemError } from '@xylem/core';
import { checkedDelegations, type ProductDelegation, repositoryIdOf } from '@xylem/trust';
import type { Api } from '../api/client.ts';

/** What a vendor's offline keys have said: read from the root server, and believed only as far as it is proved. */
export interface Vendor {
  /** Who may sign targets. */
  readonly targetsKeys: { readonly keyids: readonly string[]; readonly threshold: number };
  readonly targetsVersion: number;
  readonly products: readonly ProductDelegation[];
}

interface RootMetadata {
  readonly signed?: {
    readonly version?: number;
    readonly roles?: { readonly targets?: Vendor['targetsKeys'] };
  };
}

/**
 * Root and targets of the release repository, so that a publisher never signs on top of what a lying root server
 * slipped in. The repository's id was pinned when this person made the root server or logged in.
 * @throws XylemError E_TRUST, E_METADATA_SIGNATURE, E_METADATA_INVALID
 */
export async function readVendor(api: Api): Promise<Vendor> {
  const { root, targets } = await api.call('releaseRepository', {});
  const bytes = new TextEncoder().encode(root);
  const { signed } = JSON.parse(root) as RootMetadata;
  // The id is the digest of the first root; a later one is proved by the chain to it, which this version does not follow.
  const isFirst = signed?.version === 1;
  if (api.repository !== undefined && (!isFirst || repositoryIdOf(bytes) !== api.repository)) {
    throw new XylemError(
      'E_TRUST',
      `${api.url} shows another release repository than the one that was pinned (${api.repository}). Nothing was signed.`,
    );
  }
  const products = checkedDelegations(bytes, new TextEncoder().encode(targets.metadata));
  const targetsKeys = signed?.roles?.targets;
  if (targetsKeys === undefined)
    throw new XylemError('E_METADATA_INVALID', 'The root metadata names no targets role.');
  return { targetsKeys, targetsVersion: targets.version, products };
}

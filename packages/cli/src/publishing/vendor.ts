import type { RepositoryId } from '@xylem/core';
import { XylemError } from '@xylem/core';
import { type ProductDelegation, type RoleKeys, type TrustedRepository, trustRepository } from '@xylem/trust';
import type { Api } from '../api/client.ts';

/** What a vendor's offline keys have said: read from the root server, and believed only as far as it is proved. */
export interface Vendor {
  /** Who may sign targets. */
  readonly targetsKeys: RoleKeys;
  readonly targetsVersion: number;
  readonly products: readonly ProductDelegation[];
  readonly trusted: TrustedRepository;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Root and targets of the release repository, so that a publisher never signs on top of what a lying root server
 * slipped in. The repository's id was pinned when this person made the root server or logged in; from its first root
 * the chain is followed to the newest.
 * @param withRoles products whose roles are read and proved too
 * @throws XylemError E_TRUST, E_METADATA_SIGNATURE, E_METADATA_INVALID
 */
export async function readVendor(api: Api, withRoles: readonly string[] = []): Promise<Vendor> {
  const answer = await api.call('releaseRepository', {});
  const { repository, root, targets } = answer;
  const pinned = api.repository as RepositoryId | undefined;
  if (pinned !== undefined && pinned !== repository) {
    throw new XylemError(
      'E_TRUST',
      `${api.url} shows another release repository than the one that was pinned (${pinned}). Nothing was signed.`,
    );
  }
  // A root server of an earlier version knows no later roots.
  const later = (answer as { readonly roots?: readonly string[] }).roots ?? [];
  const roles = new Map<string, Uint8Array>();
  for (const product of withRoles) {
    for (const one of (await api.call('productRoles', { params: { product } })).roles) {
      roles.set(one.role, bytesOf(one.metadata));
    }
  }
  const trusted = prove(api, pinned ?? (repository as RepositoryId), {
    roots: [root, ...later].map(bytesOf),
    targets: bytesOf(targets.metadata),
    roles,
  });
  return {
    targetsKeys: trusted.root.roles.targets,
    targetsVersion: targets.version,
    products: trusted.products,
    trusted,
  };
}

function prove(api: Api, id: RepositoryId, given: Parameters<typeof trustRepository>[1]): TrustedRepository {
  try {
    return trustRepository(id, given);
  } catch (cause) {
    if (!(cause instanceof XylemError) || cause.code !== 'E_METADATA_INVALID') throw cause;
    const message = `${api.url} shows another release repository than the one that was pinned (${id}). Nothing was signed.`;
    throw new XylemError('E_TRUST', `${message} ${cause.message}`, { cause });
  }
}

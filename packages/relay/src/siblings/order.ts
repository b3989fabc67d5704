import { type Digest, type HostId, sha256 } from '@xylem/core';

/**
 * Who of a site is asked for an object, best first: by rendezvous hashing, with `own` among them. Those `before` it are
 * waited for; all relays of a site have the same order, so that none waits for one that waits for it. Pure.
 */
export function orderFor<T extends { readonly host: HostId }>(
  digest: Digest,
  own: HostId,
  siblings: readonly T[],
): { readonly before: readonly T[]; readonly after: readonly T[] } {
  const weight = (host: HostId): string => sha256(`${digest} ${host}`);
  const ownWeight = weight(own);
  const ordered = siblings
    .map((sibling) => ({ sibling, at: weight(sibling.host) }))
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  const among = (isMeant: (at: string) => boolean): T[] =>
    ordered.filter(({ at }) => isMeant(at)).map(({ sibling }) => sibling);
  return { before: among((at) => at > ownWeight), after: among((at) => at < ownWeight) };
}

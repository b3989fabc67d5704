import type { RepositoryId } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { type Identity, pinnedRootOf, TufClient } from '@xylem/trust';
import type { FileFetch } from './metadata-source.ts';

/** The TUF clients of a host: one for each repository of its trust map, with state of its own. */
export interface Repositories {
  /** @throws XylemError E_TRUST when the trust map does not hold it */
  client(id: RepositoryId): TufClient;
  /** Through what all of them fetch from now on. */
  fetchThrough(files: FileFetch): void;
}

export function repositoriesOf(
  identity: Identity,
  stateFolder: string,
  clock: Clock,
  log: Log,
): Repositories {
  const clients = new Map<RepositoryId, TufClient>();
  let files: FileFetch = async () => null;
  return {
    client: (id) => {
      const known = clients.get(id);
      if (known !== undefined) return known;
      const made = new TufClient({
        id,
        pinnedRoot: pinnedRootOf(identity.trustMap, id),
        stateFolder,
        fetchMetadata: (path, maxBytes) => files(`r/${id}/${path}`, maxBytes),
        clock,
        log,
      });
      clients.set(id, made);
      return made;
    },
    fetchThrough: (next) => {
      files = next;
    },
  };
}

import { join } from 'node:path';
import { limits, type RepositoryId, type TrustMap, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { wholeFile } from '@xylem/store';
import { metadataPath, pinnedRootOf, repositoryIdOf } from '@xylem/trust';
import { readSmallFile, writeSmallFile } from '../state/small-file.ts';
import type { Upstream } from '../upstream/upstream.ts';

/**
 * `1.root.json` of any repository: pinned by joining, kept from before, or fetched. A repository's id is the digest
 * of these bytes, so that whoever knows the id can check them.
 * @throws XylemError E_METADATA_MISSING, E_TRUST (other bytes), and what the parents throw
 */
export async function firstRoot(options: {
  readonly id: RepositoryId;
  readonly trustMap: TrustMap;
  /** Where fetched roots are kept. */
  readonly folder: string;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Uint8Array> {
  const { id, trustMap, folder, upstream, clock, signal } = options;
  if (Object.hasOwn(trustMap.repositories, id)) return pinnedRootOf(trustMap, id);
  const path = join(folder, `${id}.json`);
  const kept = await readSmallFile(path, limits.rootMetadata);
  if (kept !== null && repositoryIdOf(kept) === id) return kept;
  const remote = `r/${id}/${metadataPath('root', 1)}`;
  const bytes = await upstream.attempt(
    remote,
    async (source) => {
      const given = await wholeFile(source, remote, limits.rootMetadata, { clock, signal });
      if (given === null)
        throw new XylemError('E_METADATA_MISSING', `${source.name} has no repository ${id}.`);
      if (repositoryIdOf(given) === id) return given;
      throw new XylemError('E_TRUST', `${source.name} gave another first root for the repository ${id}.`);
    },
    signal,
  );
  await writeSmallFile(path, bytes);
  return bytes;
}

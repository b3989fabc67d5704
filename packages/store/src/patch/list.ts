import {
  type Digest,
  type DomainId,
  encodePatchList,
  type ListedPatch,
  limits,
  type PatchList,
  parsePatchList,
  XylemError,
} from '@xylem/core';
import { compress, decompress } from '../pack/zstd.ts';
import type { Repository } from '../repository/repository.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { readWhole } from '../source/read.ts';

const level = 9;

export const patchListPath = (domain: DomainId, to: Digest): string => `o/${domain}/patches/${to}`;

/** Names the patches that lead to a tree, and no others. Their objects come first. @throws as `Repository.putFile` */
export async function putPatchList(
  repository: Repository,
  domain: DomainId,
  to: Digest,
  patches: readonly ListedPatch[],
): Promise<void> {
  const list = encodePatchList({ format: 'xylem-patches-1', to, patches });
  await repository.putFile(patchListPath(domain, to), await compress(list, level));
}

/**
 * What a source names, and how many bytes that took; null: it has no such list.
 * @throws XylemError E_PATCH_INVALID, E_FORMAT_UNSUPPORTED, E_TOO_LARGE, E_PARENT_*; the signal's reason
 */
export async function readPatchListFrom(
  source: ObjectSource,
  domain: DomainId,
  to: Digest,
  signal?: AbortSignal,
): Promise<{ readonly list: PatchList; readonly bytes: number } | null> {
  const path = patchListPath(domain, to);
  try {
    const packed = await readWhole(source, path, limits.patchList, signal);
    const list = parsePatchList(
      await decompress(packed, limits.patchList, 'list of patches', 'E_PATCH_INVALID'),
    );
    if (list.to === to) return { list, bytes: packed.length };
    throw new XylemError('E_PATCH_INVALID', `${source.name} names patches to the tree ${list.to}.`);
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_OBJECT_MISSING') return null;
    throw error;
  }
}

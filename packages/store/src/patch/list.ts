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
import type { Repository } from '../repository/repository.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { readWhole } from '../source/read.ts';

export const patchListPath = (domain: DomainId, to: Digest): string => `o/${domain}/patches/${to}`;

/** Names the patches that lead to a tree, and no others; none: there is no list. Their objects come first. @throws as `Repository.putFile` */
export async function putPatchList(
  repository: Repository,
  domain: DomainId,
  to: Digest,
  patches: readonly ListedPatch[],
): Promise<void> {
  const path = patchListPath(domain, to);
  if (patches.length === 0) await repository.removeFile(path);
  else await repository.putFile(path, encodePatchList({ format: 'xylem-patches-1', to, patches }));
}

/** What lies in a repository; null: nothing, or nothing that can be read. @throws XylemError E_STORAGE, E_PERMISSION */
export async function ownPatchList(
  repository: Repository,
  domain: DomainId,
  to: Digest,
): Promise<PatchList | null> {
  const text = await repository.readFile(patchListPath(domain, to), limits.patchList);
  return text === null ? null : patchListIn(text, to);
}

/** Null: it is no list, or one of another tree. */
export function patchListIn(text: Uint8Array, to: Digest): PatchList | null {
  try {
    const list = parsePatchList(text);
    return list.to === to ? list : null;
  } catch {
    return null;
  }
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
    const text = await readWhole(source, path, limits.patchList, signal);
    const list = parsePatchList(text);
    if (list.to === to) return { list, bytes: text.length };
    throw new XylemError('E_PATCH_INVALID', `${source.name} names patches to the tree ${list.to}.`);
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_OBJECT_MISSING') return null;
    throw error;
  }
}

import { stat } from 'node:fs/promises';
import { type Digest, type DomainId, isDigest, XylemError } from '@xylem/core';
import { inParallel } from '../fetch/parallel.ts';
import { readOfferFrom } from '../offer/read-offer.ts';
import { ownPatchList } from '../patch/list.ts';
import { isAbsent, storageError } from '../repository/faults.ts';
import { hashOf } from '../repository/hash-file.ts';
import type { Repository } from '../repository/repository.ts';
import { repositorySource } from '../source/repository-source.ts';

/** A path of the repository, and what is wrong with it. */
export interface FoundFault {
  readonly path: string;
  readonly fault: 'damaged' | 'missing';
  readonly domain: DomainId;
  /** Of the object; of an offer or a list that of its tree. */
  readonly digest: Digest;
}

export interface VerifiedRepository {
  /** Files that were read; equal objects of several domains are one. */
  readonly files: number;
  readonly bytes: number;
  /** In order of their paths. */
  readonly faults: readonly FoundFault[];
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (files: number, bytes: number) => void;
}

const filesAtOnce = 4;

/**
 * Reads every object of a repository and compares it with its digest, and looks whether what offers and lists of patches
 * name is there. Nothing is changed; what others write or remove meanwhile is no fault.
 * @throws XylemError E_STORAGE, E_PERMISSION: something can't be read now; the signal's reason
 */
export async function verifyRepository(
  repository: Repository,
  { signal, onProgress }: VerifyOptions = {},
): Promise<VerifiedRepository> {
  const faults: FoundFault[] = [];
  /** By inode: whether its bytes are those of its name. */
  const known = new Map<number, boolean>();
  let [files, bytes] = [0, 0];
  const isRight = async (path: string, digest: Digest): Promise<boolean | null> => {
    const found = await stat(path).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw storageError(error, path);
    });
    if (found === null) return null;
    const before = known.get(found.ino);
    if (before !== undefined) return before;
    const right = (await digestOf(path, signal)) === digest;
    known.set(found.ino, right);
    files += 1;
    bytes += found.size;
    onProgress?.(files, bytes);
    return right;
  };
  for (const domain of await repository.listDomains()) {
    const objects: Digest[] = [];
    for await (const digest of repository.listObjects(domain)) objects.push(digest);
    await inParallel(objects.sort(), filesAtOnce, async (digest) => {
      signal?.throwIfAborted();
      const right = await isRight(repository.objectPath(domain, digest), digest);
      if (right === false) faults.push({ path: `o/${domain}/${digest}`, fault: 'damaged', domain, digest });
    });
    faults.push(...(await faultsOfNames(repository, domain, signal)));
  }
  const unique = new Map(faults.map((one) => [one.path, one]));
  return { files, bytes, faults: [...unique.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Offers and lists that say nothing, and objects that they name and that are not here, or not in that length. */
async function faultsOfNames(
  repository: Repository,
  domain: DomainId,
  signal: AbortSignal | undefined,
): Promise<FoundFault[]> {
  const faults: FoundFault[] = [];
  const faultOf = async (digest: Digest, sizeBytes: number): Promise<FoundFault[]> => {
    const size = await repository.objectSize(domain, digest);
    if (size === sizeBytes) return [];
    return [{ path: `o/${domain}/${digest}`, fault: size === null ? 'missing' : 'damaged', domain, digest }];
  };
  for (const kind of ['offers', 'patches'] as const) {
    const folder = `o/${domain}/${kind}`;
    for (const tree of (await repository.listFiles(folder)).filter(isDigest).sort()) {
      signal?.throwIfAborted();
      const path = `${folder}/${tree}`;
      const named = await (kind === 'offers' ? packsOf : patchesOf)(repository, domain, tree);
      const found: FoundFault[] = named === null ? [{ path, fault: 'damaged', domain, digest: tree }] : [];
      for (const [digest, sizeBytes] of named ?? []) found.push(...(await faultOf(digest, sizeBytes)));
      // What leads to objects is removed before them.
      if (found.length > 0 && (await repository.readFile(path)) !== null) faults.push(...found);
    }
  }
  return faults;
}

type Named = readonly (readonly [digest: Digest, sizeBytes: number])[];

/** Null: it is damaged. */
async function packsOf(repository: Repository, domain: DomainId, tree: Digest): Promise<Named | null> {
  try {
    return (await readOfferFrom(repositorySource(repository), domain, tree)).offer.packs;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    if (error.code === 'E_OBJECT_MISSING') return [];
    if (error.code === 'E_STORAGE' || error.code === 'E_PERMISSION') throw error;
    return null;
  }
}

async function patchesOf(repository: Repository, domain: DomainId, tree: Digest): Promise<Named | null> {
  const list = await ownPatchList(repository, domain, tree);
  return list?.patches.map(([, digest, sizeBytes]) => [digest, sizeBytes] as const) ?? null;
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await hashOf(path, signal);
  } catch (error) {
    signal?.throwIfAborted();
    // A sector that the disk can't give back is damage too, and no reason to leave the rest unread.
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 'unreadable';
    throw storageError(error, path);
  }
}

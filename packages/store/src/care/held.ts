import { stat } from 'node:fs/promises';
import type { Digest, DomainId } from '@xylem/core';
import { inParallel } from '../fetch/parallel.ts';
import { isAbsent, storageError } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';

/** The objects of one domain, as the disk has them. */
export interface HeldObjects {
  /** In bytes. */
  readonly sizes: ReadonlyMap<Digest, number>;
  readonly bytes: number;
  /** Of these, in files that other domains have too: they are on the disk once. */
  readonly sharedBytes: number;
}

const statsAtOnce = 32;

/** What appears or goes meanwhile may be in it or not. @throws XylemError E_STORAGE, E_PERMISSION */
export async function heldObjects(repository: Repository, domain: DomainId): Promise<HeldObjects> {
  const sizes = new Map<Digest, number>();
  let [bytes, sharedBytes] = [0, 0];
  const digests: Digest[] = [];
  for await (const digest of repository.listObjects(domain)) digests.push(digest);
  await inParallel(digests, statsAtOnce, async (digest) => {
    const path = repository.objectPath(domain, digest);
    const found = await stat(path).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw storageError(error, path);
    });
    if (found === null) return;
    sizes.set(digest, found.size);
    bytes += found.size;
    // Equal objects of two domains are hard links to one file, and one link is the pool's.
    if (found.nlink > 2) sharedBytes += found.size;
  });
  return { sizes, bytes, sharedBytes };
}

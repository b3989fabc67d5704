import type { Digest, DomainId, ListedPatch, PatchList } from '@xylem/core';
import type { Log } from '@xylem/platform';
import {
  inParallel,
  ownPatchList,
  patchListIn,
  patchListPath,
  putPatchList,
  type Repository,
} from '@xylem/store';
import type { Flights } from './flights.ts';
import type { NewsPieces } from './news-pieces.ts';

/** A tree that a state leads to. */
export interface PatchedTree {
  readonly domain: DomainId;
  readonly digest: Digest;
  /** It was not here before: nobody was asked for its patches yet. */
  readonly isNew: boolean;
}

/** Which patches children may be given. */
export interface Patches {
  /** Paths of the lists that are here. */
  readonly lists: readonly string[];
  /** Lengths in bytes of all that the lists name, by `domain/digest`: what is not here is fetched when a child asks for it. */
  readonly sizes: ReadonlyMap<string, number>;
}

export interface PatchesOptions {
  readonly repository: Repository;
  readonly flights: Flights;
  readonly pieces: NewsPieces | null;
  /** Whether a tree lies here whole: then it was served, and children may have it. */
  readonly hasTree: (domain: DomainId, tree: Digest) => Promise<boolean>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly isBackground: boolean;
}

const treesAtOnce = 3;

/**
 * Brings the lists of patches that lead to these trees, and the patches from trees that are here. Nothing waits for a
 * patch, and nothing fails for want of one.
 * @throws the signal's reason
 */
export async function fetchPatches(options: PatchesOptions, trees: readonly PatchedTree[]): Promise<Patches> {
  const { log, signal } = options;
  const lists: string[] = [];
  const sizes = new Map<string, number>();
  const trying = async (tree: PatchedTree, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      signal.throwIfAborted();
      log.warn('patches are not all here', { domain: tree.domain, tree: tree.digest, error });
    }
  };
  await inParallel(trees, treesAtOnce, (tree) =>
    trying(tree, async () => {
      const { domain, digest } = tree;
      const list = await listTo(options, tree);
      if (list === null) return;
      lists.push(patchListPath(domain, digest));
      for (const patch of list.patches) {
        sizes.set(`${domain}/${patch[1]}`, patch[2]);
        await trying(tree, () => fetchUsual(options, domain, patch));
      }
    }),
  );
  return { lists: lists.sort(), sizes };
}

async function listTo(
  options: PatchesOptions,
  { domain, digest, isNew }: PatchedTree,
): Promise<PatchList | null> {
  const { repository, flights, pieces } = options;
  const here = await ownPatchList(repository, domain, digest);
  if (pieces?.isSaid !== true) {
    if (!isNew) return here;
    const asked = await flights.patchList(domain, digest, options);
    if (asked !== null) await putPatchList(repository, domain, digest, asked.patches);
    return asked;
  }
  const text = pieces.file(patchListPath(domain, digest)) ?? null;
  const said = text === null ? null : patchListIn(text, digest);
  if (JSON.stringify(said) !== JSON.stringify(here))
    await putPatchList(repository, domain, digest, said?.patches ?? []);
  return said;
}

/** One that begins where children are likely to be. */
async function fetchUsual(
  options: PatchesOptions,
  domain: DomainId,
  [from, digest, sizeBytes]: ListedPatch,
): Promise<void> {
  const { repository, flights, hasTree, signal } = options;
  signal.throwIfAborted();
  if ((await repository.objectSize(domain, digest)) === sizeBytes || !(await hasTree(domain, from))) return;
  await flights.object(domain, digest, sizeBytes, options);
}

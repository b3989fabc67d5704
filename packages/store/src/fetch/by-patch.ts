import { type FileHandle, lstat, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  emptyDigest,
  type ListedPatch,
  type PatchList,
  type TreeEntry,
  type TreeFile,
  XylemError,
} from '@xylem/core';
import { fetchPartial } from '../mirror/partial.ts';
import { applyPatch } from '../patch/apply.ts';
import { patchListPath, readPatchListFrom } from '../patch/list.ts';
import { OldTree } from '../patch/old-tree.ts';
import { storageError } from '../repository/faults.ts';
import type { SourceChoice } from '../source/object-source.ts';
import { chooseRoad, type RoadChoice, unknownMeans, withoutPatch } from './roads.ts';
import type { KnownTree } from './seeds.ts';
import { checkSpace } from './space.ts';
import { Staging } from './staging.ts';
import { Turns } from './turns.ts';
import type { FetchTreeOptions } from './types.ts';

export interface PatchTools {
  readonly options: FetchTreeOptions;
  readonly choice: SourceChoice;
  readonly patches: PatchList | 'ask';
  /** Trees that are here whole. */
  readonly trees: readonly KnownTree[];
  readonly umask: number;
  readonly onRequest: () => void;
  readonly onBytes: (bytes: number) => void;
}

/** What lies in the staging folder, each file hashed while it was written. */
export interface MadeByPatch {
  readonly text: Uint8Array;
  /** Paths. */
  readonly files: ReadonlySet<string>;
  readonly madeBytes: number;
}

/** Each takes about 80 MB. */
const applied = new Turns(1);
/** Breaks without a byte between them, until chunks are the better road. */
const mostInVain = 2;

/** Where the patch of a tree grows; it outlives the process. */
const patchFile = (into: string): string => `${into}.part.patch`;

export async function removePatch(into: string): Promise<void> {
  await rm(patchFile(into), { force: true });
  await rm(`${patchFile(into)}.mark`, { force: true });
}

/**
 * Makes the new files of a tree by a patch from one that is here, where a source names one, into the folder in which
 * the tree is staged: whatever does not come of it comes as chunks, as after a break.
 * @returns what it made, and the tree's text; null: there is no such patch, or it led nowhere
 * @throws XylemError E_DISK_FULL; the signal's reason
 */
export async function makeByPatch(tools: PatchTools): Promise<MadeByPatch | null> {
  const { into, tree, signal, log, onRoads } = tools.options;
  let roads: RoadChoice | null = null;
  try {
    const found = await findPatch(tools);
    if (found === null) return null;
    roads = found.roads;
    await fetchPatch(tools, found.patch);
    const made = await applied.take(signal, () => apply(tools, found.tree));
    log?.info('patch applied', {
      from: found.tree.digest,
      tree,
      patchBytes: found.patch[2],
      madeBytes: made.madeBytes,
    });
    return made;
  } catch (cause) {
    signal?.throwIfAborted();
    if (!(cause instanceof XylemError) || cause.code === 'E_DISK_FULL') throw cause;
    log?.warn('patch led nowhere', { tree, into, cause });
    if (roads !== null) onRoads?.(withoutPatch(roads, cause));
    return null;
  }
}

/** The smallest that leads from a tree that is here, unless chunks are the better road. */
async function findPatch(tools: PatchTools): Promise<{
  readonly patch: ListedPatch;
  readonly tree: KnownTree;
  readonly roads: RoadChoice;
} | null> {
  const list = tools.patches === 'ask' ? await askForList(tools) : tools.patches;
  const usable = (list?.patches ?? []).flatMap((patch) => {
    const tree = tools.trees.find(({ digest }) => digest === patch[0]);
    return tree === undefined ? [] : [{ patch, tree }];
  });
  const best = usable.sort((a, b) => a.patch[2] - b.patch[2])[0];
  if (best === undefined) return null;
  const roads = chooseRoad(best.patch, tools.options.means?.() ?? unknownMeans);
  tools.options.onRoads?.(roads);
  return roads.kind === 'patch' ? { ...best, roads } : null;
}

async function askForList({ options, choice, onRequest, onBytes }: PatchTools): Promise<PatchList | null> {
  const { domain, tree: to, signal } = options;
  const read = await choice.attempt(
    patchListPath(domain, to),
    async (source) => {
      onRequest();
      return await readPatchListFrom(source, domain, to, signal);
    },
    signal,
  );
  if (read === null) return null;
  onBytes(read.bytes);
  return read.list;
}

/** A link that breaks off now and then does not make the longer road the better one. */
async function fetchPatch(
  { options, choice, onRequest, onBytes }: PatchTools,
  [, digest, maxBytes]: ListedPatch,
): Promise<void> {
  const { into, domain, signal, clock } = options;
  const file = patchFile(into);
  if ((await bytesIn(file)) === null) await checkSpace(dirname(into), [spaceOf(maxBytes)]);
  const path = `o/${domain}/${digest}`;
  const { comparison } = choice;
  for (let inVain = 0; ; ) {
    const before = (await bytesIn(file)) ?? 0;
    try {
      const fetched = await choice.attempt(
        path,
        async (source) => {
          onRequest();
          return await fetchPartial({ file, path, digest, maxBytes, signal, comparison, clock }, source);
        },
        signal,
      );
      onBytes(fetched);
      return;
    } catch (error) {
      const brought = ((await bytesIn(file)) ?? 0) - before;
      onBytes(Math.max(0, brought));
      inVain = brought > 0 ? 0 : inVain + 1;
      if (signal?.aborted === true || inVain >= mostInVain || !isBroken(error)) throw error;
    }
  }
}

/** Of the way, and not of what came by it. */
const isBroken = (error: unknown): boolean =>
  error instanceof XylemError &&
  ['E_PARENT_STALE', 'E_PARENT_UNREACHABLE', 'E_PARENT_SLOW', 'E_TIMEOUT'].includes(error.code);

/** Null: it is not there. */
const bytesIn = async (file: string): Promise<number | null> =>
  (await lstat(file).catch(() => null))?.size ?? null;

/** What it leaves where it fails is looked at as what any attempt leaves. */
async function apply({ options, umask }: PatchTools, from: KnownTree): Promise<MadeByPatch> {
  const { into, tree, signal } = options;
  const staging = new Staging(`${into}.part`, umask);
  const old = new OldTree(from.folder, from.entries);
  const files = new Set<string>();
  const target = {
    prepare: async (entries: readonly TreeEntry[]): Promise<void> => {
      const made = entries.filter((entry) => entry.type === 'file' && entry.digest === emptyDigest);
      await checkSpace(dirname(into), made as TreeFile[]);
      await mkdir(staging.folder, { recursive: true }).catch((error: unknown) => {
        throw storageError(error, staging.folder);
      });
      await staging.prepare(entries);
    },
    write: async (file: TreeFile, offset: number, bytes: Uint8Array): Promise<void> => {
      if (offset === 0) await staging.discard(file);
      await staging.write(file, [{ offset, bytes }]);
      files.add(file.path);
    },
  };
  let patch: FileHandle | undefined;
  try {
    patch = await open(patchFile(into));
    const ways = { from: from.digest, to: tree };
    const { text, madeBytes } = await applyPatch(readerOf(patch), ways, old, target, signal);
    return { text, files, madeBytes };
  } catch (error) {
    // It is of no use. One that is lies there until the tree is in place: who is killed before that begins with it.
    if (signal?.aborted !== true) await removePatch(into);
    throw storageError(error, into);
  } finally {
    await patch?.close();
    await old.close();
  }
}

const readerOf =
  (file: FileHandle) =>
  async (bytes: number): Promise<Uint8Array> => {
    const buffer = Buffer.allocUnsafe(bytes);
    let done = 0;
    while (done < bytes) {
      const { bytesRead } = await file.read(buffer, done, bytes - done, null);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return buffer.subarray(0, done);
  };

const spaceOf = (sizeBytes: number): TreeFile => ({
  type: 'file',
  path: '',
  sizeBytes,
  digest: emptyDigest,
  executable: false,
  chunks: [],
});

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TreeEntry, TreeFile } from '@xylem/core';
import { storageError } from '../repository/faults.ts';
import { inspect, type Leftover } from './leftovers.ts';
import { inParallel } from './parallel.ts';
import { Placement } from './placement.ts';
import type { Seeds } from './seeds.ts';
import { checkSpace } from './space.ts';
import type { Staging } from './staging.ts';
import type { FetchTreeOptions } from './types.ts';

const filesAtOnce = 32;

export const filesOf = (entries: readonly TreeEntry[]): TreeFile[] =>
  entries.filter((entry) => entry.type === 'file');

export const counts = (files: readonly TreeFile[]): { files: number; sizeBytes: number } => ({
  files: files.length,
  sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
});

export interface PlaceHere {
  readonly options: Pick<FetchTreeOptions, 'into' | 'share' | 'signal' | 'onProgress'>;
  readonly staging: Staging;
  readonly seeds: Seeds;
  /** Paths of files that a patch has just made: right as they lie there. */
  readonly made: ReadonlySet<string>;
  /** Counted on. */
  readonly count: {
    seededBytes: number;
    resumedBytes: number;
    linkedFiles: number;
    readonly patchedBytes: number;
  };
}

/**
 * Once the entries of a tree are known: makes folders, keeps what an earlier attempt left, takes what seeds have.
 * @returns where the rest is to be placed as it is fetched
 * @throws XylemError E_DISK_FULL, E_STORAGE; the signal's reason
 */
export async function placeWhatIsHere(entries: readonly TreeEntry[], here: PlaceHere): Promise<Placement> {
  const { options, staging, seeds, count } = here;
  const { into, share = 'copy', signal, onProgress } = options;
  const files = filesOf(entries);
  const { sizeBytes } = counts(files);
  let doneBytes = 0;
  const progress = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.(doneBytes, sizeBytes);
  };
  const isResumed = await makeFolder(staging.folder);
  await staging.prepare(entries);
  seeds.want(files);
  const leftovers = new Map<TreeFile, Leftover>();
  if (isResumed) {
    await inParallel(files, filesAtOnce, async (file) => {
      signal?.throwIfAborted();
      leftovers.set(file, await found(here, file));
    });
  }
  const lacking = files.filter((file) => leftovers.get(file)?.isWhole !== true);
  await checkSpace(
    dirname(into),
    share === 'link' ? lacking.filter((file) => !seeds.hasFile(file)) : lacking,
  );
  const given = new Set<TreeFile>();
  await inParallel(lacking, filesAtOnce, async (file) => {
    signal?.throwIfAborted();
    if (file.sizeBytes === 0) await staging.write(file, []);
    else if (!(await give(here, file, share))) return;
    given.add(file);
  });
  const resumed = files.filter((file) => leftovers.get(file)?.isWhole === true);
  const staged = counts(resumed).sizeBytes;
  count.resumedBytes += Math.max(0, staged - count.patchedBytes);
  progress(staged + count.seededBytes);
  const missing = lacking.filter((file) => !given.has(file));
  const placement = new Placement(staging, missing, progress);
  for (const file of missing) {
    const leftover = leftovers.get(file);
    if (leftover === undefined || leftover.isWhole) continue;
    for (const { digest, sizeBytes: size, offset } of leftover.chunks) {
      placement.found(file, digest, size, offset);
      count.resumedBytes += size;
    }
  }
  await inParallel([...placement.wanted()], filesAtOnce, async (digest) => {
    signal?.throwIfAborted();
    const bytes = await seeds.chunk(digest);
    const placedBytes = bytes === null ? 0 : await placement.place([{ digest, bytes }]);
    count.seededBytes += placedBytes;
  });
  await placement.settleFound();
  return placement;
}

/** What an earlier attempt left is hashed again; what this one made was hashed while it was written. */
async function found({ made, staging }: PlaceHere, file: TreeFile): Promise<Leftover> {
  if (!made.has(file.path)) return await inspect(staging, file);
  staging.keep(file);
  return { isWhole: true };
}

async function give(
  { staging, seeds, count }: PlaceHere,
  file: TreeFile,
  share: 'link' | 'copy',
): Promise<boolean> {
  if (!seeds.hasFile(file)) return false;
  const path = staging.path(file);
  await staging.discard(file);
  const given = await seeds.give(file, path, share).catch((error: unknown) => {
    throw storageError(error, path);
  });
  if (given === 'absent') return false;
  if (given === 'linked') count.linkedFiles += 1;
  else staging.keep(file);
  count.seededBytes += file.sizeBytes;
  return true;
}

/** False when it was there. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) === undefined;
  } catch (error) {
    throw storageError(error, folder);
  }
}

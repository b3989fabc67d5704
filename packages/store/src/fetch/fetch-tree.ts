import { lstat, mkdir, open, readFile, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Chunk,
  type Digest,
  emptyDigest,
  type Offer,
  parseTree,
  sha256,
  type TreeEntry,
  type TreeFile,
  XylemError,
} from '@xylem/core';
import { syncFolder, writeFileAtomic } from '@xylem/platform';
import { numberChunks } from '../offer/numbering.ts';
import { readOffer } from '../offer/read-offer.ts';
import { storageError } from '../repository/faults.ts';
import { asChoice } from '../source/object-source.ts';
import { reportRefusals } from '../source/refusals.ts';
import { syncTree } from './durable.ts';
import { fetchFrames } from './frames.ts';
import { inParallel } from './parallel.ts';
import {
  type FetchRange,
  filesOf,
  rangesFor,
  type Target,
  targetsOf,
  type WantedFrame,
  withNeighbours,
} from './plan.ts';
import { Seeds } from './seeds.ts';
import { hashOf, Staging } from './staging.ts';
import type { FetchedTree, FetchTreeOptions } from './types.ts';

const filesAtOnce = 32;
/** Beside the content itself: folders, inodes, what other programs write meanwhile. */
const spareBytes = 16 * 1024 * 1024;

/**
 * Installs a tree as a folder: verified whole, durable, and visible at once by a rename. Called again after it was
 * killed it goes on with what is staged beside `into`; not more than the frames under way are fetched again.
 * @throws E_DISK_FULL before or while fetching; E_OBJECT_MISSING, E_OBJECT_DIGEST, E_OFFER_INVALID, E_PACK_INVALID
 *   when no source has the right bytes; E_TREE_* when the tree itself is not allowed; the signal's reason
 */
export async function fetchTree(options: FetchTreeOptions): Promise<FetchedTree> {
  const fetch = new TreeFetch(options);
  try {
    return await fetch.run();
  } finally {
    await fetch.close();
  }
}

class TreeFetch {
  readonly #options: FetchTreeOptions;
  readonly #staging: Staging;
  readonly #treeFile: string;
  /** Frames that came along before their chunks were known, by pack and offset. */
  readonly #ahead = new Map<string, Uint8Array>();
  /** Where the chunks belong that are still to come, and how many each file still lacks. */
  #targets = new Map<Digest, Target[]>();
  readonly #left = new Map<TreeFile, number>();
  #totalBytes = 0;
  #doneBytes = 0;
  #fetchedBytes = 0;
  #requests = 0;
  #seededBytes = 0;
  #resumedBytes = 0;
  #linkedFiles = 0;

  constructor(options: FetchTreeOptions) {
    this.#options = options;
    this.#staging = new Staging(`${options.into}.part`, process.umask());
    this.#treeFile = `${options.into}.tree`;
  }

  async run(): Promise<FetchedTree> {
    const { into, domain, tree, seeds = [] } = this.#options;
    const { offer } = await readOffer(domain, tree, this.#options);
    this.#requests += 1;
    const isResumed = (await lstat(this.#staging.folder).catch(() => null)) !== null;
    await mkdir(this.#staging.folder, { recursive: true }).catch((error: unknown) => {
      throw storageError(error, into);
    });
    const entries = await this.#tree(offer);
    const files = filesOf(entries);
    this.#totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    await this.#staging.makeFolders(entries);
    const installed = await Seeds.open(seeds);
    const missing = await this.#wholeFiles(files, installed, isResumed);
    await this.#checkSpace(missing);
    await this.#chunks(offer, numberChunks(offer.treeChunks, entries), missing, installed, isResumed);
    await this.#staging.makeLinks(entries);
    await this.#appear(into);
    return {
      files: files.length,
      sizeBytes: this.#totalBytes,
      fetchedBytes: this.#fetchedBytes,
      requests: this.#requests,
      seededBytes: this.#seededBytes,
      resumedBytes: this.#resumedBytes,
      linkedFiles: this.#linkedFiles,
    };
  }

  close(): Promise<void> {
    return this.#staging.close();
  }

  /** The tree's text: from an earlier attempt, else from its frames. */
  async #tree(offer: Offer): Promise<TreeEntry[]> {
    const { tree } = this.#options;
    const kept = await readFile(this.#treeFile).catch(() => null);
    if (kept !== null && sha256(kept) === tree) return parseTree(kept);
    const pieces = new Map<Digest, Uint8Array>();
    const known = new Set(offer.treeChunks.map(([digest]) => digest));
    for (const range of rangesFor(offer, offer.treeChunks, (digest) => known.has(digest))) {
      const onContent = (frame: WantedFrame, content: Uint8Array): void => {
        this.#ahead.set(`${range.pack} ${frame.offset}`, content);
      };
      const onChunk = async (digest: Digest, bytes: Uint8Array): Promise<void> => {
        pieces.set(digest, bytes);
      };
      await this.#fetch(withNeighbours(offer, range), onChunk, onContent);
    }
    const text = Buffer.concat(offer.treeChunks.map(([digest]) => pieces.get(digest) ?? Buffer.alloc(0)));
    if (sha256(text) !== tree) {
      throw new XylemError('E_OFFER_INVALID', `The offer of the tree ${tree} leads to another text.`);
    }
    const entries = parseTree(text);
    await writeFileAtomic(this.#treeFile, text).catch((error: unknown) => {
      throw storageError(error, this.#treeFile);
    });
    return entries;
  }

  /** Puts in place what needs no bytes from afar; returns the files that do. */
  async #wholeFiles(files: readonly TreeFile[], seeds: Seeds, isResumed: boolean): Promise<TreeFile[]> {
    const missing = new Set<TreeFile>();
    await inParallel(files, filesAtOnce, async (file) => {
      this.#options.signal?.throwIfAborted();
      const path = this.#staging.path(file);
      if (isResumed && (await this.#isStaged(file, path))) {
        this.#resumedBytes += file.sizeBytes;
      } else if (file.sizeBytes === 0) {
        await this.#staging.writeWhole(file, new Uint8Array());
      } else if (await this.#giveSeed(seeds, file, path, isResumed)) {
        this.#seededBytes += file.sizeBytes;
      } else {
        missing.add(file);
        return;
      }
      this.#progress(file.sizeBytes);
    });
    return files.filter((file) => missing.has(file));
  }

  async #isStaged(file: TreeFile, path: string): Promise<boolean> {
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() !== true || found.size !== file.sizeBytes) return false;
    if ((file.sizeBytes === 0 ? emptyDigest : await hashOf(path)) !== file.digest) return false;
    await this.#staging.setMode(file);
    return true;
  }

  async #giveSeed(seeds: Seeds, file: TreeFile, path: string, isResumed: boolean): Promise<boolean> {
    if (!seeds.hasFile(file)) return false;
    if (isResumed) await rm(path, { recursive: true, force: true });
    const given = await seeds.give(file, path, this.#options.share ?? 'copy');
    if (given === 'linked') this.#linkedFiles += 1;
    else if (given === 'copied') await this.#staging.setMode(file);
    return given !== 'absent';
  }

  async #checkSpace(missing: readonly TreeFile[]): Promise<void> {
    const needed = missing.reduce((sum, file) => sum + file.sizeBytes, 0) + spareBytes;
    const { bavail, bsize } = await statfs(dirname(this.#options.into));
    if (needed <= bavail * bsize) return;
    const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
    throw new XylemError(
      'E_DISK_FULL',
      `${mib(needed)} are needed below ${dirname(this.#options.into)}, ${mib(bavail * bsize)} are free.`,
      { details: { neededBytes: needed, freeBytes: bavail * bsize } },
    );
  }

  async #chunks(
    offer: Offer,
    numbered: readonly Chunk[],
    missing: readonly TreeFile[],
    seeds: Seeds,
    isResumed: boolean,
  ): Promise<void> {
    this.#targets = targetsOf(missing);
    for (const file of missing) this.#left.set(file, file.chunks.length);
    if (isResumed) await this.#resumeChunks(missing);
    await inParallel([...this.#targets.keys()], filesAtOnce, async (digest) => {
      const bytes = await seeds.chunk(digest);
      if (bytes !== null) this.#seededBytes += await this.#deliver(digest, bytes);
    });
    for (const range of rangesFor(offer, numbered, (digest) => this.#targets.has(digest))) {
      const frames = [];
      for (const frame of range.frames) if (!(await this.#takeAhead(range.pack, frame))) frames.push(frame);
      if (frames.length === 0) continue;
      await this.#fetch({ ...range, frames }, async (digest, bytes) => {
        await this.#deliver(digest, bytes);
      });
    }
    const lacking = [...this.#left.keys()].find((file) => this.#left.get(file) !== 0);
    if (lacking !== undefined) {
      throw new XylemError('E_OFFER_INVALID', `The offer does not lead to all chunks of ${lacking.path}.`);
    }
  }

  /** Looks at what an earlier attempt wrote of larger files, chunk by chunk. */
  async #resumeChunks(missing: readonly TreeFile[]): Promise<void> {
    for (const file of missing) {
      if (file.chunks.length < 2) continue;
      const handle = await open(this.#staging.path(file), 'r').catch(() => null);
      if (handle === null) continue;
      try {
        let offset = 0;
        for (const [digest, sizeBytes] of file.chunks) {
          const bytes = Buffer.alloc(sizeBytes);
          const { bytesRead } = await handle.read(bytes, 0, sizeBytes, offset);
          offset += sizeBytes;
          if (bytesRead !== sizeBytes || sha256(bytes) !== digest) continue;
          this.#resumedBytes += await this.#deliver(digest, bytes);
        }
      } finally {
        await handle.close();
      }
    }
  }

  /** A frame that came along with the tree's own: true when it held all that is wanted of it. */
  async #takeAhead(pack: Digest, frame: FetchRange['frames'][number]): Promise<boolean> {
    const content = this.#ahead.get(`${pack} ${frame.offset}`);
    if (content === undefined) return false;
    for (const { digest, sizeBytes, offsetInFrame } of frame.chunks) {
      const bytes = content.subarray(offsetInFrame, offsetInFrame + sizeBytes);
      if (sha256(bytes) !== digest) return false;
      await this.#deliver(digest, bytes);
    }
    return true;
  }

  /** Writes a verified chunk wherever it belongs; returns how many bytes that were. */
  async #deliver(digest: Digest, bytes: Uint8Array): Promise<number> {
    const targets = this.#targets.get(digest) ?? [];
    this.#targets.delete(digest);
    for (const { file, offset } of targets) {
      if (file.chunks.length === 1) await this.#staging.writeWhole(file, bytes);
      else await this.#staging.writeChunk(file, offset, bytes);
      const left = (this.#left.get(file) ?? 0) - 1;
      this.#left.set(file, left);
      if (left === 0 && file.chunks.length > 1) await this.#staging.finish(file);
      this.#progress(bytes.length);
    }
    return targets.length * bytes.length;
  }

  async #fetch(
    range: FetchRange,
    onChunk: (digest: Digest, bytes: Uint8Array) => Promise<void>,
    onContent?: (frame: WantedFrame, content: Uint8Array) => void,
  ): Promise<void> {
    const { source, domain, onRefused, signal } = this.#options;
    await fetchFrames(range, {
      choice: reportRefusals(asChoice(source), onRefused),
      domain,
      signal,
      onChunk,
      ...(onContent === undefined ? {} : { onContent }),
      onBytes: (count) => {
        this.#fetchedBytes += count;
      },
      onRequest: () => {
        this.#requests += 1;
      },
    });
  }

  /** All is verified: make it durable, then visible. */
  async #appear(into: string): Promise<void> {
    try {
      await syncTree(this.#staging.folder);
      await rename(this.#staging.folder, into);
      await syncFolder(dirname(into));
    } catch (error) {
      throw storageError(error, into);
    }
  }

  #progress(bytes: number): void {
    this.#doneBytes += bytes;
    this.#options.onProgress?.(this.#doneBytes, this.#totalBytes);
  }
}

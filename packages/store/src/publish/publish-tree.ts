import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Chunk, type Digest, encodeTree, sha256, type TreeEntry, type TreeFile } from '@xylem/core';
import { chunksOf } from '../chunk/cutter.ts';
import { PackWriter } from '../pack/pack-writer.ts';
import { defaultLevel } from '../pack/zstd.ts';
import { storageError } from '../repository/faults.ts';
import { ChunkWindow } from './chunk-window.ts';
import { chunkFile, hashFile, readSmallFile } from './read-file.ts';
import { type ScannedEntry, scanFolder } from './scan.ts';
import type { PackFile, PublishedTree, PublishOptions } from './types.ts';

type ScannedFile = Extract<ScannedEntry, { type: 'file' }>;

/** Files above this are read alone, in blocks; up to it many at once, whole. */
const smallFileBytes = 256 * 1024;
const smallFilesAtOnce = 32;

/**
 * Cuts, hashes, compresses and packs a folder into a sink. Idempotent: a sink that knows all chunks gets nothing.
 * Memory is bounded by the windows and frames under way, plus the tree's entries.
 * @throws what `scanFolder` throws; E_FILE_CHANGED; E_DISK_FULL; what the sink throws; the signal's reason
 */
export async function publishTree(options: PublishOptions): Promise<PublishedTree> {
  const { folder, sink, exclude, level = defaultLevel } = options;
  const scanned = await scanFolder(folder, exclude);
  const scratch = await mkdtemp(join(sink.scratchFolder, 'new-')).catch((error: unknown) => {
    throw storageError(error, sink.scratchFolder);
  });
  const packs: { digest: Digest; sizeBytes: number }[] = [];
  const onPack = async (pack: PackFile): Promise<void> => {
    await sink.putPack(pack);
    packs.push({ digest: pack.digest, sizeBytes: pack.sizeBytes });
  };
  const writer = new PackWriter({ folder: scratch, level, onPack });
  const window = new ChunkWindow(sink, writer);
  try {
    const entries = await new FileReader(options, scanned, window).entries();
    const text = encodeTree(entries);
    const treeChunks: Chunk[] = [];
    for (const bytes of chunksOf(text)) treeChunks.push([await window.add(bytes), bytes.length]);
    await window.end();
    await writer.end();
    const files = entries.filter((entry) => entry.type === 'file');
    const { chunks, newChunks, newBytes } = window;
    return {
      tree: sha256(text),
      entries,
      treeChunks,
      sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      files: files.length,
      chunks,
      newChunks,
      newBytes,
      packs,
      packedBytes: packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  } catch (error) {
    await window.abort();
    await writer.abort();
    options.signal?.throwIfAborted();
    throw storageError(error, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Reads files, small ones ahead, and hands their chunks on in the order of the tree. */
class FileReader {
  readonly #options: PublishOptions;
  readonly #scanned: readonly ScannedEntry[];
  readonly #window: ChunkWindow;
  readonly #previous = new Map<string, TreeFile>();
  readonly #totalBytes: number;
  #doneBytes = 0;

  constructor(options: PublishOptions, scanned: readonly ScannedEntry[], window: ChunkWindow) {
    this.#options = options;
    this.#scanned = scanned;
    this.#window = window;
    this.#totalBytes = scanned.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0);
    for (const entry of options.previous ?? []) {
      if (entry.type === 'file') this.#previous.set(entry.path, entry);
    }
  }

  async entries(): Promise<TreeEntry[]> {
    const entries: TreeEntry[] = [];
    const ahead: Promise<{ bytes: Buffer; digest: TreeFile['digest'] }>[] = [];
    const small = this.#scanned.filter((entry) => entry.type === 'file' && isSmall(entry)).values();
    const readAhead = (): void => {
      const next = small.next().value;
      if (next?.type !== 'file') return;
      const reading = readSmallFile(this.#path(next), next.sizeBytes);
      reading.catch(() => undefined);
      ahead.push(reading);
    };
    for (let i = 0; i < smallFilesAtOnce; i += 1) readAhead();
    try {
      for (const entry of this.#scanned) {
        this.#options.signal?.throwIfAborted();
        if (entry.type !== 'file') {
          entries.push(entry);
          continue;
        }
        const reading = isSmall(entry) ? ahead.shift() : undefined;
        if (reading === undefined) entries.push(await this.#large(entry));
        else {
          readAhead();
          entries.push(await this.#small(entry, await reading));
        }
      }
    } finally {
      await Promise.allSettled(ahead);
    }
    return entries;
  }

  async #small(
    { path, sizeBytes, executable }: ScannedFile,
    { bytes, digest }: { readonly bytes: Buffer; readonly digest: TreeFile['digest'] },
  ): Promise<TreeFile> {
    const chunks: Chunk[] = [];
    for (const chunk of chunksOf(bytes)) {
      const known = chunk.length === bytes.length ? digest : undefined;
      chunks.push([await this.#window.add(chunk, known), chunk.length]);
    }
    this.#progress(sizeBytes);
    return { type: 'file', path, sizeBytes, digest, executable, chunks };
  }

  async #large({ path, sizeBytes, executable }: ScannedFile): Promise<TreeFile> {
    const full = this.#path({ path });
    const known = await this.#unchanged(path, full, sizeBytes);
    if (known !== null) {
      this.#progress(sizeBytes);
      return { ...known, executable };
    }
    const chunks: Chunk[] = [];
    const digest = await chunkFile(full, sizeBytes, async (bytes) => {
      this.#options.signal?.throwIfAborted();
      chunks.push([await this.#window.add(bytes), bytes.length]);
      this.#progress(bytes.length);
    });
    return { type: 'file', path, sizeBytes, digest, executable, chunks };
  }

  /** The earlier entry, if the file is the same and the sink still has all its chunks. */
  async #unchanged(path: string, full: string, sizeBytes: number): Promise<TreeFile | null> {
    const before = this.#previous.get(path);
    if (before?.sizeBytes !== sizeBytes || (await hashFile(full, sizeBytes)) !== before.digest) return null;
    return (await this.#window.has(before.chunks)) ? before : null;
  }

  #path({ path }: { readonly path: string }): string {
    return join(this.#options.folder, path);
  }

  #progress(bytes: number): void {
    this.#doneBytes += bytes;
    this.#options.onProgress?.(this.#doneBytes, this.#totalBytes);
  }
}

const isSmall = ({ sizeBytes }: ScannedFile): boolean => sizeBytes <= smallFileBytes;

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Chunk, type Digest, encodeTree, sha256, type TreeEntry, type TreeFile } from '@xylem/core';
import { chunksOf } from '../chunk/cutter.ts';
import { PackWriter } from '../pack/pack-writer.ts';
import { defaultLevel } from '../pack/zstd.ts';
import { storageError } from '../repository/faults.ts';
import { ChunkWindow } from './chunk-window.ts';
import { type Readers, readerThreads, readHere } from './readers.ts';
import { type ScannedEntry, scanFolder } from './scan.ts';
import { isSmall, TreeFiles } from './tree-files.ts';
import type { PackFile, PublishedTree, PublishOptions } from './types.ts';

/** What is worth threads of its own to read: they take some ten milliseconds to start. */
const manySmallFiles = 500;
const muchToHashBytes = 64 * 1024 * 1024;

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
  const previous = filesOf(options.previous ?? []);
  const readers = readersFor(options, scanned, previous);
  try {
    const entries = await new TreeFiles(options, previous, readers, window).entries(scanned);
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
    await readers.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function filesOf(entries: Iterable<TreeEntry>): ReadonlyMap<string, TreeFile> {
  const files = new Map<string, TreeFile>();
  for (const entry of entries) if (entry.type === 'file') files.set(entry.path, entry);
  return files;
}

function readersFor(
  { readers }: PublishOptions,
  scanned: readonly ScannedEntry[],
  previous: ReadonlyMap<string, TreeFile>,
): Readers {
  if (readers === undefined) return readHere;
  let small = 0;
  let bytesToHash = 0;
  for (const entry of scanned) {
    if (entry.type !== 'file') continue;
    if (isSmall(entry)) small += 1;
    else if (previous.get(entry.path)?.sizeBytes === entry.sizeBytes) bytesToHash += entry.sizeBytes;
  }
  const isMuch = small >= manySmallFiles || bytesToHash >= muchToHashBytes;
  return isMuch ? readerThreads(readers.count, readers.start) : readHere;
}

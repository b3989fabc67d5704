import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Chunk,
  type Digest,
  limits,
  type TreeEntry,
  type TreeFile,
  TreeChecker,
  treeHeader,
  treeLine,
} from '@xylem/core';
import { chunksOf } from '../chunk/cutter.ts';
import { PackWriter } from '../pack/pack-writer.ts';
import { defaultLevel } from '../pack/zstd.ts';
import { storageError } from '../repository/faults.ts';
import { chunkFile, hashFile } from './read-file.ts';
import { type ScannedEntry, scanFolder } from './scan.ts';
import type { PackFile, PublishedTree, PublishOptions } from './types.ts';

/** Bytes of chunks gathered before the sink is asked which of them it knows. */
const windowBytes = 8 * 1024 * 1024;
const windowFiles = 2048;
const readAhead = 32;
/** Files above this are read alone, in blocks. */
const smallFileBytes = 1024 * 1024;

/**
 * Cuts, hashes, compresses and packs a folder into a sink. Idempotent: a sink that knows all chunks gets nothing.
 * Memory is bounded by the window and the frames under way, plus the tree's entries.
 */
export async function publishTree(options: PublishOptions): Promise<PublishedTree> {
  const scanned = await scanFolder(options.folder, options.exclude);
  const totalBytes = scanned.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0);
  const scratch = await mkdtemp(join(options.sink.scratchFolder, 'new-')).catch((error: unknown) => {
    throw storageError(error, options.sink.scratchFolder);
  });
  const publication = new Publication(options, totalBytes, scratch);
  try {
    const entries = await publication.files(scanned);
    return await publication.tree(entries);
  } catch (error) {
    await publication.abort();
    throw storageError(error, options.folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

class Publication {
  readonly #options: PublishOptions;
  readonly #writer: PackWriter;
  readonly #known = new Map<number, Map<Digest, TreeFile>>();
  readonly #seen = new Set<Digest>();
  readonly #totalBytes: number;
  #window: { digest: Digest; bytes: Uint8Array }[] = [];
  #windowBytes = 0;
  #doneBytes = 0;
  #newChunks = 0;
  #newBytes = 0;
  readonly #packs: { digest: Digest; sizeBytes: number }[] = [];

  constructor(options: PublishOptions, totalBytes: number, scratch: string) {
    this.#options = options;
    this.#totalBytes = totalBytes;
    const { level = defaultLevel } = options;
    this.#writer = new PackWriter({
      folder: scratch,
      onPack: (pack) => this.#takePack(pack),
      level,
    });
    for (const entry of options.previous ?? []) {
      if (entry.type !== 'file') continue;
      const ofSize = this.#known.get(entry.sizeBytes) ?? new Map<Digest, TreeFile>();
      this.#known.set(entry.sizeBytes, ofSize.set(entry.digest, entry));
    }
  }

  async files(scanned: readonly ScannedEntry[]): Promise<TreeEntry[]> {
    const entries: TreeEntry[] = [];
    for (let at = 0; at < scanned.length; ) {
      const batch = batchFrom(scanned, at);
      at += batch.length;
      this.#options.signal?.throwIfAborted();
      const done = await settle(batch.map((entry) => this.#entry(entry)));
      for (const { entry, chunks } of done) {
        entries.push(entry);
        for (const { digest, bytes } of chunks) await this.#offer(digest, bytes);
        if (entry.type === 'file') this.#doneBytes += entry.sizeBytes;
      }
      this.#options.onProgress?.(this.#doneBytes, this.#totalBytes);
    }
    await this.#flush();
    return entries;
  }

  async tree(entries: readonly TreeEntry[]): Promise<PublishedTree> {
    const checker = new TreeChecker();
    const lines = [`${treeHeader}\n`];
    for (const entry of entries) {
      checker.add(entry);
      lines.push(`${treeLine(entry)}\n`);
    }
    checker.end();
    const text = Buffer.from(lines.join(''), 'utf8');
    const treeChunks: Chunk[] = [];
    for (const bytes of chunksOf(text)) {
      const digest = createHash('sha256').update(bytes).digest('hex') as Digest;
      treeChunks.push([digest, bytes.length]);
      await this.#offer(digest, bytes);
    }
    await this.#flush();
    await this.#writer.end();
    return {
      tree: createHash('sha256').update(text).digest('hex') as Digest,
      treeChunks,
      sizeBytes: this.#totalBytes,
      files: entries.filter((entry) => entry.type === 'file').length,
      chunks: this.#seen.size,
      newChunks: this.#newChunks,
      newBytes: this.#newBytes,
      packs: this.#packs,
      packedBytes: this.#packs.reduce((sum, pack) => sum + pack.sizeBytes, 0),
    };
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }

  async #takePack(pack: PackFile): Promise<void> {
    this.#packs.push({ digest: pack.digest, sizeBytes: pack.sizeBytes });
    await this.#options.sink.putPack(pack);
  }

  /** A small file comes with copies of its chunks; a large one's are offered while it is read. */
  async #entry(
    scanned: ScannedEntry,
  ): Promise<{ entry: TreeEntry; chunks: { digest: Digest; bytes: Uint8Array }[] }> {
    if (scanned.type !== 'file') return { entry: scanned, chunks: [] };
    const path = join(this.#options.folder, scanned.path);
    const { sizeBytes, executable } = scanned;
    const same = this.#known.get(sizeBytes);
    const known = same === undefined ? undefined : same.get(await hashFile(path, sizeBytes));
    if (known !== undefined) return { entry: { ...known, path: scanned.path, executable }, chunks: [] };
    const chunks: { digest: Digest; bytes: Uint8Array }[] = [];
    const keep = async (digest: Digest, bytes: Uint8Array): Promise<void> => {
      if (sizeBytes > smallFileBytes) {
        await this.#offer(digest, bytes);
        this.#options.onProgress?.(this.#doneBytes, this.#totalBytes);
      } else chunks.push({ digest, bytes: Buffer.from(bytes) });
    };
    const read = await chunkFile(path, sizeBytes, keep);
    return { entry: { type: 'file', path: scanned.path, sizeBytes, executable, ...read }, chunks };
  }

  async #offer(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    this.#window.push({ digest, bytes: Buffer.from(bytes) });
    this.#windowBytes += bytes.length;
    if (this.#windowBytes >= windowBytes || this.#window.length >= windowFiles) await this.#flush();
  }

  async #flush(): Promise<void> {
    const window = this.#window;
    this.#window = [];
    this.#windowBytes = 0;
    if (window.length === 0) return;
    const known = await this.#options.sink.knownChunks(window.map(({ digest }) => digest));
    for (const { digest, bytes } of window) {
      if (known.has(digest)) continue;
      this.#newChunks += 1;
      this.#newBytes += bytes.length;
      await this.#writer.add(digest, bytes);
    }
  }
}

/** The next entries to read at once: one large file alone, or as many small ones as the read-ahead allows. */
function batchFrom(scanned: readonly ScannedEntry[], at: number): ScannedEntry[] {
  const batch: ScannedEntry[] = [];
  let bytes = 0;
  for (let i = at; i < scanned.length && batch.length < readAhead; i += 1) {
    const entry = scanned[i] as ScannedEntry;
    const size = entry.type === 'file' ? entry.sizeBytes : 0;
    if (batch.length > 0 && (size > smallFileBytes || bytes + size > limits.packFrames / 8)) break;
    batch.push(entry);
    bytes += size;
    if (size > smallFileBytes) break;
  }
  return batch;
}

/** All results, or the first error after all have ended, so that nothing goes on reading behind an error's back. */
async function settle<T>(promises: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

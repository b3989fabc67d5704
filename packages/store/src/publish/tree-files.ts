import { join } from 'node:path';
import type { Chunk, Digest, TreeEntry, TreeFile } from '@xylem/core';
import type { ChunkWindow } from './chunk-window.ts';
import type { FileToRead, ReadBatch } from './read-batch.ts';
import { chunkFile } from './read-file.ts';
import type { Readers } from './readers.ts';
import type { ScannedEntry } from './scan.ts';
import type { PublishOptions } from './types.ts';

type ScannedFile = Extract<ScannedEntry, { type: 'file' }>;

/** Files above this are read alone, in blocks; up to it many at once, whole. */
const smallFileBytes = 256 * 1024;
const batchBytes = 1024 * 1024;
const batchFiles = 128;
/** Batches for each reader that are asked for, or wait until their turn in the tree has come. */
const batchesAhead = 3;

export const isSmall = ({ sizeBytes }: { readonly sizeBytes: number }): boolean =>
  sizeBytes <= smallFileBytes;

/** Files whose turn comes together. */
type Work =
  | { readonly files: readonly ScannedFile[]; readonly read: Promise<ReadBatch> }
  | { readonly file: ScannedFile; readonly digest: Promise<Digest> | null };

/** Reads the files of a scanned folder ahead, and hands their chunks on in the order of the tree. */
export class TreeFiles {
  readonly #options: PublishOptions;
  readonly #readers: Readers;
  readonly #window: ChunkWindow;
  readonly #previous: ReadonlyMap<string, TreeFile>;
  #totalBytes = 0;
  #doneBytes = 0;

  /** @param previous files of an earlier tree by their paths */
  constructor(
    options: PublishOptions,
    previous: ReadonlyMap<string, TreeFile>,
    readers: Readers,
    window: ChunkWindow,
  ) {
    this.#options = options;
    this.#previous = previous;
    this.#readers = readers;
    this.#window = window;
  }

  /** @throws what `readBatch` and the window throw; the signal's reason */
  async entries(scanned: readonly ScannedEntry[]): Promise<TreeEntry[]> {
    for (const entry of scanned) if (entry.type === 'file') this.#totalBytes += entry.sizeBytes;
    const files = new Map<string, TreeFile>();
    const ahead: Work[] = [];
    const left = this.#works(scanned);
    const ask = (): void => {
      const { value } = left.next();
      if (value !== undefined) ahead.push(value);
    };
    for (let i = 0; i < this.#readers.count * batchesAhead; i += 1) ask();
    for (let work = ahead.shift(); work !== undefined; work = ahead.shift()) {
      this.#options.signal?.throwIfAborted();
      ask();
      const done =
        'read' in work ? await this.#small(work.files, await work.read) : [await this.#large(work)];
      for (const file of done) files.set(file.path, file);
    }
    return scanned.map((entry) => (entry.type === 'file' ? (files.get(entry.path) as TreeFile) : entry));
  }

  *#works(scanned: readonly ScannedEntry[]): Generator<Work, undefined> {
    let files: ScannedFile[] = [];
    let bytes = 0;
    const batch = (): Work => {
      const read = this.#readers.batch(files.map((file) => this.#toRead(file, true)));
      const work = { files, read: seen(read) };
      files = [];
      bytes = 0;
      return work;
    };
    for (const entry of scanned) {
      if (entry.type !== 'file') continue;
      if (
        files.length > 0 &&
        (!isSmall(entry) || files.length === batchFiles || bytes + entry.sizeBytes > batchBytes)
      )
        yield batch();
      if (isSmall(entry)) {
        files.push(entry);
        bytes += entry.sizeBytes;
      } else {
        const file = this.#toRead(entry, true);
        yield { file: entry, digest: file.known === null ? null : seen(this.#readers.whole(file)) };
      }
    }
    if (files.length > 0) yield batch();
  }

  #toRead({ path, sizeBytes }: ScannedFile, mayBeKnown: boolean): FileToRead {
    const before = mayBeKnown ? this.#previous.get(path) : undefined;
    const known = before?.sizeBytes === sizeBytes ? before.digest : null;
    return { path: join(this.#options.folder, path), sizeBytes, known };
  }

  async #small(files: readonly ScannedFile[], { files: read, bytes }: ReadBatch): Promise<TreeFile[]> {
    const unchanged = files.flatMap(({ path }, i) =>
      read[i]?.chunks === null ? this.#chunksBefore(path) : [],
    );
    // The sink lost some: rare enough to read all of them once more.
    if (unchanged.length > 0 && !(await this.#window.has(unchanged)))
      return await this.#small(
        files,
        await this.#readers.batch(files.map((file) => this.#toRead(file, false))),
      );
    const done: TreeFile[] = [];
    let at = 0;
    for (const [i, { path, sizeBytes, executable }] of files.entries()) {
      const { digest, chunks } = read[i] as ReadBatch['files'][number];
      for (const [chunk, length] of chunks ?? []) {
        await this.#window.add(bytes.subarray(at, at + length), chunk);
        at += length;
      }
      this.#progress(sizeBytes);
      done.push({
        type: 'file',
        path,
        sizeBytes,
        digest,
        executable,
        chunks: chunks ?? this.#chunksBefore(path),
      });
    }
    return done;
  }

  async #large({ file, digest: hashed }: Extract<Work, { file: ScannedFile }>): Promise<TreeFile> {
    const { path, sizeBytes, executable } = file;
    const before = this.#previous.get(path);
    if (hashed !== null && before !== undefined && (await hashed) === before.digest) {
      if (await this.#window.has(before.chunks)) {
        this.#progress(sizeBytes);
        return { ...before, executable };
      }
    }
    const chunks: Chunk[] = [];
    const digest = await chunkFile(join(this.#options.folder, path), sizeBytes, async (bytes) => {
      this.#options.signal?.throwIfAborted();
      chunks.push([await this.#window.add(bytes), bytes.length]);
      this.#progress(bytes.length);
    });
    return { type: 'file', path, sizeBytes, digest, executable, chunks };
  }

  #chunksBefore(path: string): readonly Chunk[] {
    return this.#previous.get(path)?.chunks ?? [];
  }

  #progress(bytes: number): void {
    this.#doneBytes += bytes;
    this.#options.onProgress?.(this.#doneBytes, this.#totalBytes);
  }
}

/** Whoever awaits it sees how it fails; until then it must not count as unhandled. */
function seen<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

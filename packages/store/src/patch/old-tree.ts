import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeEntry, TreeFile } from '@xylem/core';
import { Turns } from '../fetch/turns.ts';
import { storageError } from '../repository/faults.ts';
import { refusePatch } from './fault.ts';
import { mostPrefixBytes } from './format.ts';

/** The files of an installed tree, by position. One is open at a time: readers take turns. */
export class OldTree {
  readonly entries: readonly TreeEntry[];
  readonly #folder: string;
  readonly #files: ReadonlyMap<string, TreeFile>;
  readonly #turns = new Turns(1);
  #open: { readonly path: string; readonly handle: FileHandle } | null = null;

  constructor(folder: string, entries: readonly TreeEntry[]) {
    this.#folder = folder;
    this.entries = entries;
    this.#files = new Map(
      entries.filter((entry) => entry.type === 'file').map((entry) => [entry.path, entry]),
    );
  }

  /** @throws XylemError E_PATCH_INVALID */
  file(path: string): TreeFile {
    return this.#files.get(path) ?? refusePatch(`it goes by ${path}, which is no file of the old tree`);
  }

  /** Fewer than `length` bytes at the end of the file. @throws XylemError E_PATCH_INVALID, E_STORAGE */
  async read(path: string, offset: number, length: number): Promise<Buffer> {
    this.file(path);
    return await this.#turns.take(undefined, () => this.#readNow(path, offset, length));
  }

  async #readNow(path: string, offset: number, length: number): Promise<Buffer> {
    try {
      const handle = await this.#handle(path);
      const buffer = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** Bases one behind the other, as a block of solid content refers to them: what fits, from their begins. */
  async prefix(bases: readonly (string | null)[]): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let left = mostPrefixBytes;
    for (const path of new Set(bases)) {
      if (path === null || left === 0) continue;
      const piece = await this.read(path, 0, Math.min(left, this.file(path).sizeBytes));
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async close(): Promise<void> {
    await this.#open?.handle.close();
    this.#open = null;
  }

  async #handle(path: string): Promise<FileHandle> {
    if (this.#open?.path === path) return this.#open.handle;
    await this.close();
    const handle = await open(join(this.#folder, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    this.#open = { path, handle };
    return handle;
  }
}

import { createHash, type Hash } from 'node:crypto';
import { chmod, type FileHandle, lstat, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TreeEntry, type TreeFile, XylemError } from '@xylem/core';
import { isAbsent, storageError } from '../repository/faults.ts';

interface OpenFile {
  readonly handle: FileHandle;
  readonly hash: Hash;
  /** How far the file was written without a gap: so far the hash goes. */
  inOrder: number;
}

/** A tree that is being put together beside the place where it will appear. */
export class Staging {
  readonly folder: string;
  readonly #open = new Map<string, Promise<OpenFile>>();
  readonly #filesMode: number;
  readonly #executableMode: number;

  /** `umask` of the process: where it takes bits away, modes are set once more. */
  constructor(folder: string, umask: number) {
    this.folder = folder;
    this.#filesMode = (0o644 & umask) === 0 ? 0 : 0o644;
    this.#executableMode = (0o755 & umask) === 0 ? 0 : 0o755;
  }

  path(entry: TreeEntry): string {
    return join(this.folder, entry.path);
  }

  async makeFolders(entries: readonly TreeEntry[]): Promise<void> {
    const folders = new Set<string>(['']);
    for (const { type, path } of entries) {
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
        folders.add(path.slice(0, at));
      if (type === 'folder') folders.add(path);
    }
    for (const path of folders)
      await mkdir(join(this.folder, path), { recursive: path === '', mode: 0o755 }).catch(exists);
  }

  /** Writes a whole file of one chunk or none. */
  async writeWhole(file: TreeFile, bytes: Uint8Array): Promise<void> {
    try {
      const path = this.path(file);
      await rm(path, { force: true });
      await writeFile(path, bytes, { flag: 'wx', mode: file.executable ? 0o755 : 0o644 });
      await this.#fixMode(file);
    } catch (error) {
      throw storageError(error, file.path);
    }
  }

  /** Writes a chunk of a larger file. Chunks of one file may come in any order; in order they cost no second reading. */
  async writeChunk(file: TreeFile, offset: number, bytes: Uint8Array): Promise<void> {
    const opened = await this.#opened(file);
    if (offset === opened.inOrder) {
      opened.hash.update(bytes);
      opened.inOrder += bytes.length;
    }
    try {
      await writeFully(opened.handle, bytes, offset);
    } catch (error) {
      throw storageError(error, file.path);
    }
  }

  /** To be called after the last chunk of a file: closes it and checks the file's own digest. */
  async finish(file: TreeFile): Promise<void> {
    const { handle, hash, inOrder } = await this.#opened(file);
    this.#open.delete(file.path);
    await handle.close();
    await this.#fixMode(file);
    const digest = inOrder === file.sizeBytes ? hash.digest('hex') : await hashOf(this.path(file));
    if (digest !== file.digest) {
      throw new XylemError(
        'E_TREE_INVALID',
        `The chunks of ${file.path} do not make up the file that the tree names.`,
      );
    }
  }

  /** Links are made last: nothing is ever written through one. */
  async makeLinks(entries: readonly TreeEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.type !== 'link') continue;
      await rm(this.path(entry), { force: true });
      await symlink(entry.target, this.path(entry)).catch((error: unknown) => {
        throw storageError(error, entry.path);
      });
    }
  }

  async setMode(file: TreeFile): Promise<void> {
    await chmod(this.path(file), file.executable ? 0o755 : 0o644);
  }

  async #fixMode(file: TreeFile): Promise<void> {
    const mode = file.executable ? this.#executableMode : this.#filesMode;
    if (mode !== 0) await chmod(this.path(file), mode);
  }

  async close(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    for (const file of opened) await file.then(({ handle }) => handle.close()).catch(() => undefined);
  }

  #opened(file: TreeFile): Promise<OpenFile> {
    const present = this.#open.get(file.path);
    if (present !== undefined) return present;
    const opening = openStaged(this.path(file), file);
    this.#open.set(file.path, opening);
    return opening;
  }
}

/** Keeps what an earlier attempt wrote; what is no plain file of ours is removed. */
async function openStaged(path: string, file: TreeFile): Promise<OpenFile> {
  try {
    const found = await lstat(path).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw error;
    });
    if (found !== null && !found.isFile()) await rm(path, { recursive: true });
    const isThere = found?.isFile() === true;
    const handle = await open(path, isThere ? 'r+' : 'wx+', file.executable ? 0o755 : 0o644);
    if (!isThere) await handle.truncate(file.sizeBytes);
    return { handle, hash: createHash('sha256'), inOrder: 0 };
  } catch (error) {
    throw storageError(error, dirname(path));
  }
}

export async function writeFully(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

export async function hashOf(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

function exists(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(error, 'A folder of the tree');
}

import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeEntry, TreeFile } from '@xylem/core';
import { isAbsent, storageError } from '../repository/faults.ts';
import { syncTree } from './durable.ts';

export interface FilePiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** IOV_MAX of Linux and macOS. */
const mostInARun = 1024;

export const modeOf = (file: TreeFile): number => (file.executable ? 0o755 : 0o644);

/**
 * A folder in which files are put together. Nothing is ever written through a symbolic link, for there are none until
 * `makeLinks`; nor into a file that was there before, unless `keep` was told that it is ours alone.
 */
export class Staging {
  readonly folder: string;
  readonly #umask: number;
  #folders: ReadonlySet<string> = new Set();
  readonly #ours = new Set<TreeFile>();
  readonly #creating = new Map<TreeFile, Promise<void>>();
  /** Written since the last `save`. */
  readonly #unsaved = new Set<TreeFile>();

  /** `umask` of the process: where it takes bits away, modes are set once more. */
  constructor(folder: string, umask: number) {
    this.folder = folder;
    this.#umask = umask;
  }

  path(entry: TreeEntry): string {
    return join(this.folder, entry.path);
  }

  /** Makes all folders of a tree; what lies in their place and is not of the tree is removed. */
  async prepare(entries: readonly TreeEntry[]): Promise<void> {
    const folders = foldersOf(entries);
    this.#folders = folders;
    const files = new Set(entries.filter(({ type }) => type === 'file').map(({ path }) => path));
    await clear(this.folder, '', folders, files);
    for (const path of folders) {
      const full = join(this.folder, path);
      try {
        await mkdir(full, { mode: 0o755 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(error, full);
      }
      if ((0o755 & this.#umask) !== 0) await chmod(full, 0o755);
    }
  }

  /** What was written here and is not durable yet: files of our own, and the folders. */
  unsynced(): string[] {
    return [...this.#folders]
      .map((path) => join(this.folder, path))
      .concat([...this.#ours].map((file) => this.path(file)));
  }

  /** Makes what was written durable, before all of it is there. @throws XylemError E_STORAGE */
  async save(): Promise<void> {
    const files = [...this.#unsaved];
    this.#unsaved.clear();
    try {
      await syncTree(
        this.folder,
        files.map((file) => this.path(file)),
      );
    } catch (error) {
      // What a failed sync leaves may look written for as long as the kernel keeps it in memory, and never be.
      for (const file of files) await this.discard(file);
      throw storageError(error, this.folder);
    }
  }

  /** What an earlier attempt left of a file; null when there is nothing of use. */
  async leftover(file: TreeFile): Promise<Stats | null> {
    const path = this.path(file);
    try {
      const found = await lstat(path);
      if (found.isFile() && found.size <= file.sizeBytes) return found;
      await this.discard(file);
      return null;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw storageError(error, path);
    }
  }

  /** The file that is there is written on. Not for files with other links: those bytes are somebody else's too. */
  keep(file: TreeFile): void {
    this.#ours.add(file);
  }

  async discard(file: TreeFile): Promise<void> {
    this.#ours.delete(file);
    this.#unsaved.delete(file);
    await rm(this.path(file), { recursive: true, force: true });
  }

  /** Writes pieces at their offsets; makes the file at its first. Several may write to one file at the same time. */
  async write(file: TreeFile, pieces: Iterable<FilePiece>): Promise<void> {
    const path = this.path(file);
    this.#unsaved.add(file);
    try {
      if (this.#ours.has(file)) return await this.#writeTo(path, constants.O_WRONLY, file, pieces);
      const creating = this.#creating.get(file);
      if (creating !== undefined) {
        await creating;
        return await this.write(file, pieces);
      }
      const created = this.#writeTo(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
        file,
        pieces,
      );
      this.#creating.set(file, created);
      await created;
      this.#ours.add(file);
    } catch (error) {
      throw storageError(error, path);
    } finally {
      this.#creating.delete(file);
    }
  }

  async #writeTo(path: string, flags: number, file: TreeFile, pieces: Iterable<FilePiece>): Promise<void> {
    const mode = modeOf(file);
    const handle = await open(path, flags | constants.O_NOFOLLOW, mode);
    try {
      if ((flags & constants.O_CREAT) !== 0 && (mode & this.#umask) !== 0) await handle.chmod(mode);
      for (const run of runsOf(pieces)) await writeRun(handle, run);
    } finally {
      await handle.close();
    }
  }

  async makeLinks(entries: readonly TreeEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.type !== 'link') continue;
      await symlink(entry.target, this.path(entry)).catch((error: unknown) => {
        throw storageError(error, this.path(entry));
      });
    }
  }
}

/** Pieces that lie one behind the other. */
interface Run {
  readonly offset: number;
  readonly pieces: Uint8Array[];
  end: number;
}

/** In the order in which they come: each run is one call of the system. Pure. */
function runsOf(pieces: Iterable<FilePiece>): Run[] {
  const runs: Run[] = [];
  for (const { offset, bytes } of pieces) {
    const last = runs.at(-1);
    if (last?.end !== offset || last.pieces.length === mostInARun) {
      runs.push({ offset, pieces: [bytes], end: offset + bytes.length });
      continue;
    }
    last.pieces.push(bytes);
    last.end += bytes.length;
  }
  return runs;
}

async function writeRun(handle: FileHandle, { offset, pieces }: Run): Promise<void> {
  let left = pieces;
  for (let at = offset; left.length > 0; ) {
    const { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    left = behind(left, bytesWritten);
  }
}

/** What is left of `pieces` behind their first `bytes`. Pure. */
function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return pieces.flatMap((piece) => {
    const from = Math.min(skip, piece.length);
    skip -= from;
    return from === piece.length ? [] : [piece.subarray(from)];
  });
}

/** Every folder of a tree, parents first; '' is the tree's own. */
function foldersOf(entries: readonly TreeEntry[]): Set<string> {
  const folders = new Set<string>(['']);
  for (const { type, path } of entries) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
    if (type === 'folder') folders.add(path);
  }
  return folders;
}

async function clear(
  root: string,
  prefix: string,
  folders: ReadonlySet<string>,
  files: ReadonlySet<string>,
): Promise<void> {
  const found = await readdir(join(root, prefix), { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw storageError(error, join(root, prefix));
  });
  for (const entry of found) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory() && folders.has(path)) await clear(root, path, folders, files);
    else if (!(entry.isFile() && files.has(path)))
      await rm(join(root, path), { recursive: true, force: true });
  }
}

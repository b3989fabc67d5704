import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemRandomness } from './randomness.ts';

/**
 * Replaces `path` by `data` so that a reader, or this host after a power loss, sees either the old bytes or the
 * new: writes beside, syncs the file, renames, syncs the folder. The temporary is removed on any error; `temporary`
 * says where it is, on the same file system, for who clears away there what a killed process left.
 * @throws the file system's error, with its `code` (ENOSPC, EROFS, …)
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<void> {
  await replaceFile(path, data, options);
  await syncFolder(dirname(path));
}

export interface ReplaceOptions {
  readonly mode?: number;
  readonly temporary?: string;
}

/**
 * As `writeFileAtomic`, for who replaces several files of a folder and syncs that once: until then a power loss may
 * bring back the old bytes.
 */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<void> {
  const folder = dirname(path);
  const beside = `.tmp-${basename(path)}-${systemRandomness.bytes(6).toString('hex')}`;
  const { mode = 0o644, temporary = join(folder, beside) } = options;
  const file = await open(temporary, 'wx', mode);
  try {
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Makes renames, creations and removals directly below `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { open } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';

/** At most `maxBytes`; null when absent. @throws XylemError E_STORAGE, E_PERMISSION, E_STATE_DAMAGED (larger) */
export async function readSmallFile(path: string, maxBytes: number): Promise<Buffer | null> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > maxBytes) {
        throw new XylemError('E_STATE_DAMAGED', `${path} has ${size} bytes, more than it ever should.`);
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw storageFault(error, path);
  }
}

/** @throws XylemError E_DISK_FULL, E_STORAGE, E_PERMISSION; the old content stays */
export async function writeSmallFile(path: string, data: string | Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(path, data);
  } catch (error) {
    throw storageFault(error, path);
  }
}

/** The file system's word as a coded error. Coded errors pass through. */
export function storageFault(error: unknown, path: string): XylemError {
  if (error instanceof XylemError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new XylemError('E_DISK_FULL', `No room is left for ${path}.`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new XylemError('E_PERMISSION', `${path} can't be written: ${message}.`, { cause: error });
  }
  return new XylemError('E_STORAGE', `${path}: ${message}.`, { cause: error });
}

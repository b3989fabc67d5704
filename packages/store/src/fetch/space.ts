import { statfs } from 'node:fs/promises';
import { type TreeFile, XylemError } from '@xylem/core';
import { storageError } from '../repository/faults.ts';

/** Beside the content itself: folders, the tree's text, what other programs write meanwhile. */
const spareBytes = 16 * 1024 * 1024;
const blockBytes = 4096;

/** Whether these files will fit, before the first byte is fetched. Throws E_DISK_FULL with what is needed and free. */
export async function checkSpace(folder: string, files: readonly TreeFile[]): Promise<void> {
  const content = files.reduce(
    (sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / blockBytes) * blockBytes,
    0,
  );
  const neededBytes = content + (files.length === 0 ? 0 : spareBytes);
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw storageError(error, folder);
  });
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new XylemError(
    'E_DISK_FULL',
    `${mib(neededBytes)} are needed below ${folder}, ${mib(freeBytes)} are free.`,
    { details: { neededBytes, freeBytes } },
  );
}

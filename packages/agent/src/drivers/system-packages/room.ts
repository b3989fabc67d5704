import { statfs } from 'node:fs/promises';
import { type CarriedPackage, XylemError } from '@xylem/core';

/** What must stay free for the package system's own database and all else beside it. */
const marginBytes = 16 * 1024 * 1024;

/** Not every package system says why it could not write. */
export async function isFull(): Promise<boolean> {
  for (const path of ['/usr', '/var']) {
    const { bavail, bsize, files, ffree } = await statfs(path);
    if (bavail * bsize < fullBytes || (files > 0 && ffree < fullInodes)) return true;
  }
  return false;
}

const fullBytes = 1024 * 1024;
const fullInodes = 16;

/** Packages are unpacked beside what is there. @throws XylemError E_DISK_FULL before anything was touched */
export async function hasRoom(component: string, packages: readonly CarriedPackage[]): Promise<void> {
  if (packages.length === 0) return;
  const { bavail, bsize } = await statfs('/usr');
  const freeBytes = bavail * bsize;
  const neededBytes = packages.reduce((sum, one) => sum + (one.installedKiB ?? 0) * 1024, marginBytes);
  if (freeBytes >= neededBytes) return;
  throw new XylemError(
    'E_DISK_FULL',
    `The packages of ${component} need ${neededBytes} bytes below /usr, and ${freeBytes} are free. The former ones stay.`,
    { details: { neededBytes, freeBytes } },
  );
}

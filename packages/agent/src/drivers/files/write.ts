import { constants } from 'node:fs';
import { lchown, open, rename, symlink, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { sha256 } from '@xylem/core';
import type { OpenFolder } from './folder.ts';
import type { Found, Owner } from './look.ts';

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * The name beside a file under which its next version is written: the same each time, so that what a crash left is found
 * again. It begins with a dot, which programs that read all files of a folder pass over.
 */
function besideName(to: string): string {
  return `.xylem-${sha256(to).slice(0, 16)}.new`;
}

/** Writes a file beside its place: whole, synced, with its owner and mode. Nothing stands in its place yet. */
export async function writeBeside(
  folder: OpenFolder,
  to: string,
  bytes: Uint8Array,
  owner: Owner,
): Promise<void> {
  const path = folder.at(besideName(to));
  await removeIfThere(path);
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(bytes);
    await file.chown(owner.uid, owner.gid);
    // After the owner: a change of owner takes bits away.
    await file.chmod(owner.mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkBeside(
  folder: OpenFolder,
  to: string,
  target: string,
  { uid, gid }: Owner,
): Promise<void> {
  const path = folder.at(besideName(to));
  await removeIfThere(path);
  await symlink(target, path);
  await lchown(path, uid, gid);
}

/** What was written beside takes its place. */
export async function takePlace(folder: OpenFolder, to: string): Promise<void> {
  await rename(folder.at(besideName(to)), folder.at(basename(to)));
}

export async function removeBeside(folder: OpenFolder, to: string): Promise<void> {
  await removeIfThere(folder.at(besideName(to)));
}

/** What stood there before stands there again; null: nothing. */
export async function putBack(folder: OpenFolder, to: string, before: Found | null): Promise<void> {
  if (before === null) await removeIfThere(folder.at(basename(to)));
  else {
    if (before.what === 'link') await linkBeside(folder, to, before.target, before.owner);
    else await writeBeside(folder, to, before.bytes, before.owner);
    await takePlace(folder, to);
  }
  await folder.sync();
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

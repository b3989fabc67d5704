import { constants } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import { type Digest, sha256, XylemError } from '@xylem/core';

/** What stands at a place; null: nothing. */
export type Found =
  | {
      readonly what: 'file';
      readonly digest: Digest;
      readonly bytes: Uint8Array;
      readonly owner: Owner;
      readonly look: string;
    }
  | { readonly what: 'link'; readonly target: string; readonly owner: Owner };

export interface Owner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const maxBytes = 64 * 1024 * 1024;

/** How a file looks, without its bytes. */
export async function lookOf(path: string): Promise<string | null> {
  const found = await lstat(path, { bigint: true }).catch(() => null);
  if (found === null || !found.isFile()) return null;
  const { dev, ino, size, mode, uid, gid, mtimeNs, ctimeNs } = found;
  return [dev, ino, size, mode, uid, gid, mtimeNs, ctimeNs].join(' ');
}

/**
 * Reads what stands at `path`, whose folder is held open; no link is followed.
 * @param shown for messages
 * @throws XylemError E_FILE_DENIED for a folder, device, pipe or socket, or a file that is too large to be kept
 */
export async function lookAt(path: string, shown: string): Promise<Found | null> {
  const denied = (why: string): XylemError =>
    new XylemError('E_FILE_DENIED', `${shown} is not replaced: ${why}.`);
  const first = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (first === null) return null;
  if (first.isSymbolicLink()) return { what: 'link', target: await readlink(path), owner: ownerOf(first) };
  if (!first.isFile()) throw denied('something that is no file stands there');
  // NONBLOCK: a pipe that took its place just now must not hold up the agent.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw denied('something that is no file stands there');
    if (found.size > maxBytes) throw denied(`what stands there has more than ${maxBytes} bytes`);
    const look = (await lookOf(path)) ?? '';
    const bytes = await file.readFile();
    return { what: 'file', digest: sha256(bytes), bytes, owner: ownerOf(found), look };
  } finally {
    await file.close();
  }
}

function ownerOf({ mode, uid, gid }: Owner): Owner {
  return { mode: mode & 0o7777, uid, gid };
}

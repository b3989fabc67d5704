import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';

/**
 * A folder held open. Paths below it go through its descriptor (`/proc/self/fd/N/name`), as with openat: whoever renames
 * or links anything above it meanwhile changes nothing.
 */
export interface OpenFolder {
  /** Where it really is. */
  readonly path: string;
  at(name: string): string;
  sync(): Promise<void>;
  close(): Promise<void>;
}

const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const mostLinks = 40;

/**
 * Opens an absolute folder step by step. A symbolic link on the way is followed only where nobody less privileged could
 * have put it: it and the folder that holds it belong to root or this agent, and no one else can write there.
 * @param make makes what is missing, 0755
 * @returns the folders that are missing, the outermost first, where `make` is not set and there are any
 * @throws XylemError E_FILE_DENIED for such a link, or where a file stands in the way
 */
export async function openFolder(path: string, make: boolean): Promise<OpenFolder | { missing: string[] }> {
  let left = path.split('/').filter((segment) => segment !== '');
  let links = 0;
  let handle = await open('/', flags);
  try {
    for (let segment = left.shift(); segment !== undefined; segment = left.shift()) {
      const next = `${through(handle)}/${segment}`;
      const found = await lstat(next).catch(orAbsent);
      if (found === null) {
        if (!make) {
          const missing = missingBelow(await pathOf(handle), [segment, ...left]);
          await handle.close();
          return { missing };
        }
        await mkdir(next, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
        await handle.sync();
      } else if (found.isSymbolicLink()) {
        links += 1;
        const holder = await handle.stat();
        if (links > mostLinks || !isTrusted(holder) || !isTrustedOwner(found.uid)) {
          throw denied(`${join(await pathOf(handle), segment)} is a link that others than root can change.`);
        }
        const target = await readlink(next);
        if (target.startsWith('/')) handle = await step(handle, open('/', flags));
        left = [...target.split('/').filter((one) => one !== '' && one !== '.'), ...left];
        continue;
      } else if (!found.isDirectory()) {
        throw denied(`${join(await pathOf(handle), segment)} is no folder.`);
      }
      handle = await step(handle, open(next, flags));
    }
    return opened(handle, await pathOf(handle));
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}

async function step(from: FileHandle, to: Promise<FileHandle>): Promise<FileHandle> {
  const next = await to;
  await from.close();
  return next;
}

function opened(handle: FileHandle, path: string): OpenFolder {
  return {
    path,
    at: (name) => `${through(handle)}/${name}`,
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

const through = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;
const pathOf = (handle: FileHandle): Promise<string> => readlink(through(handle));

function missingBelow(folder: string, names: readonly string[]): string[] {
  return names.map((_, i) => join(folder, ...names.slice(0, i + 1)));
}

const isTrustedOwner = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();

function isTrusted({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return isTrustedOwner(uid) && (mode & 0o022) === 0;
}

function orAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function denied(message: string): XylemError {
  return new XylemError('E_FILE_DENIED', message);
}

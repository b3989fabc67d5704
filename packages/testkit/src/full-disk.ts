import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cleanup, removeLater } from './cleanup.ts';
import { run } from './run.ts';
import { tempFolder } from './temp-folder.ts';
import { isRoot, type Unavailable } from './unavailable.ts';

export interface FullDisk {
  /** An empty folder on a file system of its own. */
  readonly folder: string;
  freeBytes(): Promise<number>;
  /** Takes all room but this many bytes. */
  fill(leaveBytes?: number): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
}

/** A small tmpfs that can really be full; or the reason why not. */
export async function fullDisk(context: Cleanup, sizeBytes = 64 * 2 ** 20): Promise<FullDisk | Unavailable> {
  if (!isRoot()) return { skip: 'a file system of its own can be mounted by root only' };
  const folder = await tempFolder(context, 'disk');
  try {
    await run('/usr/bin/mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
  } catch (error) {
    return { skip: `tmpfs can't be mounted here: ${String(error).slice(0, 300)}` };
  }
  removeLater(context, async () => {
    await run('/usr/bin/umount', ['-l', folder]);
  });
  const filler = join(folder, '.filler');
  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
  return {
    folder,
    freeBytes,
    fill: async (leaveBytes = 0) => {
      const file = await open(filler, 'a');
      try {
        const piece = Buffer.alloc(2 ** 20);
        for (let left = (await freeBytes()) - leaveBytes; left > 0; left = (await freeBytes()) - leaveBytes) {
          await file.writeFile(piece.subarray(0, Math.min(left, piece.length)));
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        await file.close();
      }
    },
    free: () => rm(filler, { force: true }),
  };
}

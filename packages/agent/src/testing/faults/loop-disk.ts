import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cleanup, isRoot, removeLater, tempFolder, type Unavailable } from '@xylem/testkit';

/** A real ext4 of its own, in a file: what only a disk's own file system does can be tried on it. */
export interface LoopDisk {
  readonly folder: string;
  /** It becomes read-only, as by itself after an error of its disk (errors=remount-ro). */
  abort(): void;
  /** As after a repair: checked, and mounted anew. Nobody may use it meanwhile. */
  repair(): void;
}

export async function loopDisk(
  context: Cleanup,
  { sizeMib = 64, files }: { readonly sizeMib?: number; readonly files?: number } = {},
): Promise<LoopDisk | Unavailable> {
  if (!isRoot()) return { skip: 'needs root, to mount' };
  const own = await tempFolder(context, 'disk');
  const [image, folder] = [join(own, 'disk.img'), join(own, 'mount')];
  await mkdir(folder);
  const file = await open(image, 'w');
  await file.truncate(sizeMib * 2 ** 20);
  await file.close();
  const run = (command: string, ...words: string[]): void =>
    void execFileSync(command, words, { stdio: 'pipe' });
  try {
    run('mkfs.ext4', '-q', '-m', '0', ...(files === undefined ? [] : ['-N', String(files)]), image);
    run('mount', '-o', 'loop', image, folder);
  } catch (error) {
    return { skip: `no loop device with ext4 here: ${String(error).slice(0, 300)}` };
  }
  removeLater(context, () => run('umount', '-l', folder));
  return {
    folder,
    abort: () => {
      // What nobody synced would be gone: who made the folder may not have.
      run('sync', '-f', folder);
      run('mount', '-o', 'remount,abort', folder);
    },
    repair: () => {
      run('umount', folder);
      // A mount namespace that another process made meanwhile may still hold the old one, which stays read-only: what is
      // mounted anew is another file.
      const mended = join(own, 'mended.img');
      copyFileSync(image, mended);
      try {
        run('e2fsck', '-fy', mended);
      } catch (error) {
        // 1: it was mended.
        if ((error as { status?: number }).status !== 1) throw error;
      }
      run('mount', '-o', 'loop', mended, folder);
    },
  };
}

import { open, stat, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const sizeBytes = 256 * 1024;

/**
 * Some disk that is kept in hand, so that a host whose disk is full can still say so: it is given up for what must be
 * written, and taken again when there is room.
 */
export interface Ballast {
  /** Does `act`; where the disk is full, once more without the ballast. */
  spend<T>(act: () => Promise<T>): Promise<T>;
}

export function ballastAt(path: string): Ballast {
  const take = async (): Promise<void> => {
    if (((await stat(path).catch(() => null))?.size ?? 0) >= sizeBytes) return;
    const { bavail, bsize } = await statfs(dirname(path));
    // What was just given up must not be taken away again from the next who writes.
    if (bavail * bsize < sizeBytes * 4) return;
    const file = await open(path, 'w', 0o600);
    try {
      // Zeros are written, not left as a hole, which would keep no room.
      await file.writeFile(Buffer.alloc(sizeBytes));
      await file.sync();
    } finally {
      await file.close();
    }
  };
  return {
    spend: async (act) => {
      let result: Awaited<ReturnType<typeof act>>;
      try {
        result = await act();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
        await unlink(path).catch(() => undefined);
        return await act();
      }
      await take().catch(() => undefined);
      return result;
    },
  };
}

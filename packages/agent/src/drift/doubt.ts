import { stat, utimes } from 'node:fs/promises';

/**
 * A tree in which something was changed counts as not whole: it is fetched again, and whatever of it is used as a seed
 * is hashed first. Said by the time of its text, so that it needs no memory of its own and survives a restart.
 */
export async function doubt(textPath: string): Promise<void> {
  await utimes(textPath, 0, 0).catch((error: NodeJS.ErrnoException) => {
    // Gone with its tree: that says as much.
    if (error.code !== 'ENOENT') throw error;
  });
}

export async function isDoubted(textPath: string): Promise<boolean> {
  return (await stat(textPath).catch(() => null))?.mtimeMs === 0;
}

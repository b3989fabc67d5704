import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { XylemError } from '@xylem/core';

const pauseMs = 20;
const attempts = 500;

/**
 * Reads, changes and writes files of the person's folder while no other command does, in this process or another.
 * @throws XylemError E_BUSY after some ten seconds, E_STORAGE
 */
export async function changing<T>(folder: string, act: () => Promise<T>): Promise<T> {
  const { tryLockFile } = await import('@xylem/platform/file-lock');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const lock = tryLockFile(path);
    if (lock === null) {
      await pause(pauseMs);
      continue;
    }
    try {
      return await act();
    } finally {
      lock.release();
    }
  }
  throw new XylemError('E_BUSY', `Another command has been changing ${folder} for ten seconds.`);
}

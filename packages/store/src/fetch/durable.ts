import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { syncFolder } from '@xylem/platform';
import { inParallel } from './parallel.ts';

const run = promisify(execFile);
/** Up to so many fsyncs are cheaper than writing out all that other programs have written to the file system. */
const fewPaths = 32;
const syncsAtOnce = 16;

/**
 * Makes a new folder durable, of which `paths` (files and folders) were written and the rest was there before. One
 * `sync -f` (syncfs, which node does not have) writes the file system once, where fsync of 10,000 small files waits
 * for the disk 10,000 times. Where there is no such `sync`, each is synced.
 */
export async function syncTree(folder: string, paths: readonly string[]): Promise<void> {
  if (paths.length > fewPaths) {
    try {
      await run('sync', ['-f', folder]);
      return;
    } catch {
      // BusyBox and macOS have no -f.
    }
  }
  // What syncs a folder syncs a file too.
  await inParallel(paths, syncsAtOnce, syncFolder);
}

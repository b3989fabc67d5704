import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup, removeLater } from '../cleanup.ts';
import { installDebian } from '../install-debian.ts';
import { run } from '../run.ts';
import { tempFolder } from '../temp-folder.ts';
import type { Unavailable } from '../unavailable.ts';

/** Calls that a disk can refuse: writes, creations (of files, folders, links; renames), syncs. */
export type DiskCall = 'w' | 'c' | 's';

export const diskErrors = { EIO: 5, ENOSPC: 28, EROFS: 30 } as const;

/** For the environment of a Node whose disk should fail: see `faultyDisk`. */
export async function faultyDiskEnvironment(folder: string): Promise<Record<string, string> | Unavailable> {
  if (process.platform !== 'linux') return { skip: 'needs Linux' };
  const missing = await installDebian('gcc', 'libc6-dev');
  if (missing !== null) return missing;
  const library = join(folder, 'faults.so');
  const source = join(import.meta.dirname, 'faults.c');
  await run('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source, '-ldl']);
  // Its ring would pass by the calls that are counted.
  return { LD_PRELOAD: library, UV_USE_IO_URING: '0' };
}

export interface FaultyDisk {
  /**
   * From now on the `first` call of these kinds below the folder (1: the next) fails, and each one after it unless
   * `once`. 0: none fails, and they are only counted.
   */
  fail(calls: readonly DiskCall[], error: keyof typeof diskErrors, first: number, once?: boolean): void;
  /** None fails any more. @returns the calls since, each with its path, the failed ones marked */
  heal(): string[];
}

/**
 * The disk of this very process below `folder`; the process must have been started with `faultyDiskEnvironment`. What
 * other processes do is not touched.
 */
export async function faultyDisk(context: Cleanup, folder: string): Promise<FaultyDisk> {
  const path = join(await tempFolder(context, 'calls'), 'calls');
  const log = openSync(path, 'a');
  removeLater(context, () => closeSync(log));
  let read = 0;
  const tell = (what: string): void => {
    try {
      openSync(`/faulty-disk${what}`, 'r');
    } catch {
      // Nobody has such a path.
    }
  };
  return {
    fail: (calls, error, first, once = false) => {
      read = readFileSync(path).length;
      const from = first === 0 ? Number.MAX_SAFE_INTEGER : first;
      tell(`/${calls.join('')}/${diskErrors[error]}/${from}/${once ? 1 : 0}/${log}${folder}`);
    },
    heal: () => {
      tell('');
      const lines = readFileSync(path).subarray(read).toString('utf8').split('\n');
      return lines.filter((line) => line !== '');
    },
  };
}

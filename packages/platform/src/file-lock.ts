import { DatabaseSync } from 'node:sqlite';
import { XylemError } from '@xylem/core';

/** Keeps every other process away, and others of this one, until it is released or this process ends in any way. */
export interface FileLock {
  release(): void;
}

const busy = 5;

/**
 * Node has no flock. An exclusive transaction on an empty SQLite file is a lock of the kernel's, which a SIGKILL
 * releases too, and which a lock file with a process id is not.
 * @returns null while another holds it
 * @throws XylemError E_STORAGE where the file can't be opened or locked
 */
export function tryLockFile(path: string): FileLock | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec('pragma locking_mode = exclusive; begin exclusive;');
    const held = database;
    return { release: () => held.close() };
  } catch (cause) {
    database?.close();
    // The lower byte of an extended code.
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 === busy) return null;
    throw new XylemError('E_STORAGE', `${path} can't be locked: ${(cause as Error).message}`, { cause });
  }
}

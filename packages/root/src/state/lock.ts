import { DatabaseSync } from 'node:sqlite';
import { XylemError } from '@xylem/core';

/** Keeps every other process away from a state folder until it is released, or this process ends in any way. */
export interface StateLock {
  release(): void;
}

/**
 * Node has no flock. An exclusive transaction on an empty SQLite file is a lock of the kernel's, which a SIGKILL
 * releases too, and which a lock file with a process id is not.
 * @throws XylemError E_STATE_LOCKED
 */
export function lockState(file: string): StateLock {
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive;');
  } catch (cause) {
    database.close();
    const message = 'Another process already runs on this state folder.';
    throw new XylemError('E_STATE_LOCKED', message, { cause, details: { path: file } });
  }
  return { release: () => database.close() };
}

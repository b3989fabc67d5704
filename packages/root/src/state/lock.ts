import { XylemError } from '@xylem/core';
import { type FileLock, tryLockFile } from '@xylem/platform/file-lock';

/**
 * Keeps every other process away from a state folder until it is released, or this process ends in any way.
 * @throws XylemError E_STATE_LOCKED, E_STORAGE
 */
export function lockState(file: string): FileLock {
  const lock = tryLockFile(file);
  if (lock !== null) return lock;
  const message = 'Another process already runs on this state folder.';
  throw new XylemError('E_STATE_LOCKED', message, { details: { path: file } });
}

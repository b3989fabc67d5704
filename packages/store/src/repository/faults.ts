import { XylemError } from '@xylem/core';

const outOfSpace = new Set(['ENOSPC', 'EDQUOT']);

/** A file system's error as a coded one: a full disk is named as such, the rest as storage that failed. */
export function storageError(cause: unknown, what: string): XylemError {
  if (cause instanceof XylemError) return cause;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (outOfSpace.has(code)) {
    return new XylemError('E_DISK_FULL', `There is no space left for ${what}.`, { cause, retry: 'later' });
  }
  return new XylemError('E_STORAGE', `${what} could not be written or read: ${message}`, { cause });
}

export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

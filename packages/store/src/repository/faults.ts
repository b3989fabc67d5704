import { XylemError } from '@xylem/core';

const outOfSpace = new Set(['ENOSPC', 'EDQUOT']);
const notAllowed = new Set(['EACCES', 'EPERM', 'EROFS']);

/** A file system's error as a coded one: a full disk and missing rights are named as such, the rest as storage that failed. */
export function storageError(cause: unknown, what: string): Error {
  if (cause instanceof XylemError) return cause;
  // An abort, or a mistake in the program: not the disk's doing.
  const { code, message } = cause as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !(cause instanceof Error)) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
  const details = { path: what };
  if (outOfSpace.has(code)) {
    return new XylemError('E_DISK_FULL', `There is no space left for ${what}.`, { cause, details });
  }
  if (notAllowed.has(code)) {
    return new XylemError('E_PERMISSION', `${what}: ${message}.`, { cause, details });
  }
  return new XylemError('E_STORAGE', `${what} could not be written or read: ${message}`, { cause, details });
}

export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const copyBytes = 256 * 1024;

/**
 * Opens a service's log for it to write to by itself, so that it never loses its output with the supervisor.
 * O_APPEND: after a truncation its next line lands at the new end.
 */
export function openServiceLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}

/**
 * Bounds a log that another process writes: beyond `maxBytes` its last `maxBytes` go to `<path>.1` and it begins anew.
 * Lines written between copy and truncation are lost; that is the price of not standing between service and file.
 */
export function boundServiceLog(path: string, maxBytes: number): boolean {
  let from: number;
  try {
    from = openSync(path, 'r+');
  } catch {
    return false;
  }
  try {
    const size = fstatSync(from).size;
    if (size <= maxBytes) return false;
    copyTail(from, size - maxBytes, size, `${path}.1`);
    ftruncateSync(from, 0);
    return true;
  } catch {
    // On a full disk the copy fails: dropping the old lines is what frees the disk.
    ftruncateSync(from, 0);
    return true;
  } finally {
    closeSync(from);
  }
}

function copyTail(from: number, start: number, end: number, path: string): void {
  const to = openSync(path, 'w', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(copyBytes);
    for (let at = start; at < end; ) {
      const got = readSync(from, buffer, 0, Math.min(copyBytes, end - at), at);
      if (got === 0) break;
      writeSync(to, buffer, 0, got);
      at += got;
    }
  } finally {
    closeSync(to);
  }
}

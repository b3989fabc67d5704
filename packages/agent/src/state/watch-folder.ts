import { watch } from 'node:fs';
import type { Log } from '@xylem/platform';

/**
 * Tells of changes directly in a folder, until the signal ends it. Where the kernel has no watch left it only says so:
 * whoever uses it looks by itself now and then.
 */
export function watchFolder(
  folder: string,
  { log, signal, changed }: { readonly log: Log; readonly signal: AbortSignal; readonly changed: () => void },
): void {
  const unwatched = (cause: unknown): void => log.warn('folder is not watched', { folder, cause });
  try {
    watch(folder, { persistent: false, signal }, changed).on('error', unwatched);
  } catch (cause) {
    unwatched(cause);
  }
}

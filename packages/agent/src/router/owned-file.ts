import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';

/**
 * Replaces a file outside of the state folder whose path stands in the configuration: whoever writes that must not be
 * able to have another program's file overwritten.
 * @param isOurs whether a text that is there was written by this program
 * @throws XylemError E_ROUTER
 */
export async function replaceOwned(
  path: string,
  text: string,
  isOurs: (text: string) => boolean,
): Promise<void> {
  if (!isAbsolute(path)) throw new XylemError('E_ROUTER', `${path} is no absolute path.`);
  const present = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw unwritable(path, error);
  });
  if (present !== '' && !isOurs(present)) {
    throw new XylemError(
      'E_ROUTER',
      `${path} was not written by Xylem and is left as it is. Remove it, or name another file.`,
    );
  }
  await writeFileAtomic(path, text, { mode: 0o644 }).catch((error: NodeJS.ErrnoException) => {
    throw unwritable(path, error);
  });
}

function unwritable(path: string, cause: NodeJS.ErrnoException): XylemError {
  return new XylemError('E_ROUTER', `${path} can't be written: ${cause.message}`, { cause });
}

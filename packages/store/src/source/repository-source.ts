import { open } from 'node:fs/promises';
import { isAbsent, storageError } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';
import type { ObjectSource } from './object-source.ts';

/** A repository on this machine: a stick, a mounted folder, the root server's own. */
export function repositorySource(repository: Repository): ObjectSource {
  return {
    name: repository.folder,
    get: async (path, { offset = 0, length, ifNoneMatch, signal } = {}) => {
      const full = repository.filePath(path);
      try {
        const file = await open(full, 'r');
        const { size, mtimeMs, ino } = await file.stat();
        const etag = `"${ino.toString(16)}-${size.toString(16)}-${mtimeMs.toString(16)}"`;
        if (etag === ifNoneMatch || offset > size) {
          await file.close();
          return { status: etag === ifNoneMatch ? 'unchanged' : 'missing' };
        }
        const end = Math.min(size, length === undefined ? size : offset + length);
        const body = file.createReadStream({
          start: offset,
          // `end` is inclusive; an empty range can't be said.
          ...(end > offset ? { end: end - 1 } : { end: offset, start: size }),
          highWaterMark: 256 * 1024,
          ...(signal === undefined ? {} : { signal }),
        });
        return { status: 'found', body, totalBytes: size, etag };
      } catch (error) {
        if (isAbsent(error)) return { status: 'missing' };
        throw storageError(error, full);
      }
    },
  };
}

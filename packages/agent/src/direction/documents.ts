import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, isDigest, sha256, XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';

/** Small objects that this host has verified, by digest: package documents, nodes of the host map. */
export interface Documents {
  /**
   * From the disk, else by `fetch`, and then kept.
   * @throws XylemError E_OBJECT_MISSING, E_OBJECT_DIGEST
   */
  get(digest: Digest, fetch: () => Promise<Uint8Array | null>): Promise<Uint8Array>;
  /** Removes those that were not asked for since the last call. */
  forgetUnused(): Promise<void>;
}

export function documentsIn(folder: string): Documents {
  let used = new Set<Digest>();
  return {
    get: async (digest, fetch) => {
      used.add(digest);
      const path = join(folder, digest);
      const kept = await readFile(path).catch(() => null);
      if (kept !== null && sha256(kept) === digest) return kept;
      const bytes = await fetch();
      if (bytes === null) {
        throw new XylemError('E_OBJECT_MISSING', `The object ${digest} is not there.`, {
          retry: 'elsewhere',
        });
      }
      if (sha256(bytes) !== digest) {
        throw new XylemError('E_OBJECT_DIGEST', `The bytes of the object ${digest} are not its own.`, {
          retry: 'elsewhere',
        });
      }
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, bytes);
      return bytes;
    },
    forgetUnused: async () => {
      for (const name of await readdir(folder).catch(() => [])) {
        if (isDigest(name) && used.has(name)) continue;
        await unlink(join(folder, name)).catch(() => undefined);
      }
      used = new Set();
    },
  };
}

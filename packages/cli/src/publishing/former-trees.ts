import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { encodeTree, limits, parseTree, sha256, type TreeEntry } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const mostKept = 64;

/** The tree that was last published of something, by which the next publishing knows what is still the same. */
export interface FormerTree {
  /** Null: none, or it can't be read, which only makes publishing slower. */
  read(): Promise<readonly TreeEntry[] | null>;
  /** Nothing fails for want of it. */
  write(entries: readonly TreeEntry[]): Promise<void>;
}

/**
 * Kept in the person's own folder, a file each: the digest of the tree's text, and that text, compressed. No times of
 * files stand in it: each file is read and hashed all the same.
 * @param what names what is published, at which root server
 */
export function formerTree(home: string, what: readonly string[]): FormerTree {
  const folder = join(home, 'published');
  const path = join(folder, sha256(JSON.stringify(what)).slice(0, 32));
  return {
    read: async () => {
      try {
        const text = await decompress(await readFile(path), { maxOutputLength: limits.tree });
        const [digest, tree] = [text.subarray(0, 64).toString(), text.subarray(64)];
        return sha256(tree) === digest ? parseTree(tree) : null;
      } catch {
        return null;
      }
    },
    write: async (entries) => {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const tree = encodeTree(entries);
        await writeFileAtomic(path, await compress(Buffer.concat([Buffer.from(sha256(tree)), tree])));
        await keepNewest(folder);
      } catch {
        await rm(path, { force: true }).catch(() => undefined);
      }
    },
  };
}

async function keepNewest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= mostKept) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, ms: (await stat(join(folder, name))).mtimeMs })),
  );
  aged.sort((a, b) => b.ms - a.ms);
  for (const { name } of aged.slice(mostKept)) await rm(join(folder, name), { force: true });
}

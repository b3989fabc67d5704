import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { type Digest, emptyDigest, sha256, type TreeFile } from '@xylem/core';
import { modeOf, type Staging } from './staging.ts';

export interface FoundChunk {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** What an earlier attempt left of a file: all of it, or these chunks; everything was hashed again. */
export type Leftover =
  | { readonly isWhole: true }
  | { readonly isWhole: false; readonly chunks: FoundChunk[] };

const nothing: Leftover = { isWhole: false, chunks: [] };

/**
 * Looks at what is staged of a file. What is no use is removed, so that afterwards the file is absent or has at least
 * one right chunk. A file with other links shares its bytes with a seed: it is right as it is, or it goes.
 */
export async function inspect(staging: Staging, file: TreeFile): Promise<Leftover> {
  const stats = await staging.leftover(file);
  if (stats === null) return nothing;
  const isShared = stats.nlink > 1;
  if (isShared && (stats.mode & 0o7777) !== modeOf(file)) {
    await staging.discard(file);
    return nothing;
  }
  const { digest, chunks } = await hashChunks(staging.path(file), file);
  const isWhole = digest === file.digest && stats.size === file.sizeBytes;
  if (!isWhole && (isShared || chunks.length === 0)) {
    await staging.discard(file);
    return nothing;
  }
  if (!isShared) {
    staging.keep(file);
    if ((stats.mode & 0o7777) !== modeOf(file)) await chmod(staging.path(file), modeOf(file));
  }
  return isWhole ? { isWhole } : { isWhole, chunks };
}

async function hashChunks(path: string, file: TreeFile): Promise<{ digest: string; chunks: FoundChunk[] }> {
  if (file.sizeBytes === 0) return { digest: emptyDigest, chunks: [] };
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const whole = createHash('sha256');
    const chunks: FoundChunk[] = [];
    const buffer = Buffer.allocUnsafe(Math.max(...file.chunks.map(([, size]) => size)));
    let offset = 0;
    for (const [digest, sizeBytes] of file.chunks) {
      const { bytesRead } = await handle.read(buffer, 0, sizeBytes, offset);
      const bytes = buffer.subarray(0, bytesRead);
      whole.update(bytes);
      if (bytesRead === sizeBytes && sha256(bytes) === digest) chunks.push({ digest, sizeBytes, offset });
      offset += sizeBytes;
    }
    return { digest: whole.digest('hex'), chunks };
  } finally {
    await handle.close();
  }
}

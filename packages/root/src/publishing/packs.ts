import { createHash } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Digest, type DomainId, limits, XylemError } from '@xylem/core';
import { verifyPack } from '@xylem/store';
import type { Root } from '../root.ts';
import { requireRoom } from '../store-room/quota.ts';

/** Frames, the last of which may end above the limit, the compressed index and the trailer. */
const maxPackBytes = limits.pack + limits.packIndex;

/**
 * Takes one pack as it streams in: to a file beside the repository, hashed on the way, then every frame decompressed
 * and every chunk hashed, one frame in memory at a time. Only then it is an object and known to the index.
 * @throws XylemError E_OBJECT_DIGEST, E_PACK_INVALID, E_TOO_LARGE, E_DISK_FULL, E_PRODUCT_QUOTA
 */
export async function storePack(root: Root, domain: string, pack: string, body: Readable) {
  const digest = pack as Digest;
  const place = domain as DomainId;
  if (await root.chunks.hasPack(place, digest)) {
    body.resume();
    return { pack, created: false, chunks: 0 };
  }
  return await receive(root, body, { digest, what: 'A pack', maxBytes: maxPackBytes }, async (file) => {
    const { frames, sizeBytes } = await verifyPack(file, digest);
    await root.contents.within(async () => {
      await requireRoom(root, place, sizeBytes);
      await root.repository.adoptObject(place, digest, file);
      await root.chunks.addPack(place, { digest, sizeBytes }, frames);
    });
    return { pack, created: true, chunks: frames.reduce((sum, [, , , chunks]) => sum + chunks.length, 0) };
  });
}

interface Expected {
  readonly digest: Digest;
  readonly what: string;
  readonly maxBytes: number;
}

/** What streams in as a file beside the repository, which is there for `use` alone, with the digest that was said. */
export async function receive<T>(
  root: Root,
  body: Readable,
  expected: Expected,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const name = `upload-${root.randomness.bytes(8).toString('hex')}`;
  const file = join(root.repository.workFolder, name);
  try {
    await write(body, file, expected);
    return await use(file);
  } finally {
    await unlink(file).catch(() => undefined);
  }
}

async function write(body: Readable, path: string, { digest, what, maxBytes }: Expected): Promise<void> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    let total = 0;
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      total += piece.length;
      if (total > maxBytes) throw new XylemError('E_TOO_LARGE', `${what} has at most ${maxBytes} bytes.`);
      hash.update(piece);
      // All of it: a single write may end short where the disk is nearly full.
      await file.appendFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const found = hash.digest('hex');
  if (found === digest) return;
  throw new XylemError(
    'E_OBJECT_DIGEST',
    `The bytes sent have the digest ${found}, not ${digest}. Send them again.`,
  );
}

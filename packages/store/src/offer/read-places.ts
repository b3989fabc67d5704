import { type FileHandle, open } from 'node:fs/promises';
import type { Digest, DomainId } from '@xylem/core';
import { decodeFrame } from '../pack/frame.ts';
import { storageError } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';
import type { ChunkPlace } from './chunk-index.ts';

/** The bytes of chunks, in the order given, from packs on disk; not verified. Neighbours of one frame cost one read. */
export async function* readPlaces(
  repository: Repository,
  domain: DomainId,
  places: Iterable<ChunkPlace>,
): AsyncGenerator<Uint8Array> {
  let pack: { digest: Digest; file: FileHandle } | undefined;
  let frame: { key: string; content: Uint8Array } | undefined;
  try {
    for (const place of places) {
      if (pack?.digest !== place.pack) {
        await pack?.file.close();
        pack = undefined;
        pack = { digest: place.pack, file: await openPack(repository.objectPath(domain, place.pack)) };
      }
      const key = `${place.pack} ${place.frameOffset}`;
      if (frame?.key !== key) {
        const bytes = Buffer.alloc(place.frameLength);
        await pack.file.read(bytes, 0, place.frameLength, place.frameOffset);
        frame = { key, content: await decodeFrame(bytes, place.frameRawLength) };
      }
      yield frame.content.subarray(place.offsetInFrame, place.offsetInFrame + place.sizeBytes);
    }
  } finally {
    await pack?.file.close();
  }
}

async function openPack(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw storageError(error, path);
  }
}

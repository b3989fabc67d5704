import type { DomainId } from '@xylem/core';
import type { ChunkIndex } from '../offer/chunk-index.ts';
import type { Repository } from '../repository/repository.ts';
import type { PackSink } from './types.ts';

/** Keeps the packs in `domain` of a repository and in its index. */
export function repositorySink(repository: Repository, domain: DomainId, index: ChunkIndex): PackSink {
  return {
    scratchFolder: repository.workFolder,
    knownChunks: async (digests) => new Set((await index.locate(domain, digests)).keys()),
    putPack: async (pack) => {
      await repository.adoptObject(domain, pack.digest, pack.file);
      await index.addPack(domain, pack, pack.frames);
    },
  };
}

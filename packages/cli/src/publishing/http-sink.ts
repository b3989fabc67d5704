import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Digest } from '@xylem/core';
import type { PackSink } from '@xylem/store';
import type { Api } from '../api/client.ts';

/** Sends packs to the root server, each streamed from disk and then forgotten here. */
export function httpSink(api: Api, product: string, scratchFolder: string): PackSink {
  return {
    scratchFolder,
    async knownChunks(digests) {
      const { known } = await api.call('chunksKnown', {
        params: { product },
        body: { digests: [...digests] },
      });
      return new Set(known as Digest[]);
    },
    async putPack(pack) {
      await api.call('packPut', {
        params: { product, pack: pack.digest },
        body: createReadStream(pack.file),
        // The root server verifies each chunk of the pack before it answers.
        timeoutMs: 300_000,
      });
      await rm(pack.file, { force: true });
    },
  };
}

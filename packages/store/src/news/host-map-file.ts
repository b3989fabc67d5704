import { stat } from 'node:fs/promises';
import {
  changedHostMapNodes,
  type Digest,
  type DomainId,
  encodeHostMapFile,
  limits,
  parseHostMapFile,
  sha256,
  XylemError,
} from '@xylem/core';
import { compress, decompress } from '../pack/zstd.ts';
import type { Repository } from '../repository/repository.ts';
import { type HostMapFileId, hostMapFilePath } from '../serve/paths.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { wholeFile } from '../source/whole-file.ts';
import type { InTime } from '../source/within.ts';

/** Makes files of host map nodes (docs/spec/news.md) when somebody asks for one. */
export class HostMapFiles {
  readonly #repository: Repository;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /**
   * Resolves when the file is there, or is not to be: only from none or one of `shown` to the first of them, whatever
   * else is asked for.
   * @param shown roots of the host maps whose nodes are all here, the present one first
   * @throws XylemError E_STORAGE, E_DISK_FULL
   */
  async make(asked: HostMapFileId, shown: readonly Digest[]): Promise<void> {
    const { from, to } = asked;
    if (to !== shown[0] || from === to || (from !== null && !shown.includes(from))) return;
    const path = hostMapFilePath(asked);
    const underWay = this.#underWay.get(path) ?? this.#make(asked, path);
    this.#underWay.set(path, underWay);
    try {
      await underWay;
    } finally {
      this.#underWay.delete(path);
    }
  }

  async #make({ environment, from, to }: HostMapFileId, path: string): Promise<void> {
    const repository = this.#repository;
    const isThere = await stat(repository.filePath(path)).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    const domain = environment as string as DomainId;
    const read = new Map<Digest, Uint8Array>();
    const get = async (digest: Digest): Promise<Uint8Array | undefined> => {
      const bytes = await repository.readObject(domain, digest, limits.hostMapNode);
      if (bytes !== null) read.set(digest, bytes);
      return bytes ?? undefined;
    };
    try {
      const changed = await changedHostMapNodes(from ?? undefined, to, get);
      const nodes = [...changed].map((digest) => Buffer.from(read.get(digest) ?? []).toString());
      const bytes = encodeHostMapFile({ format: 'xylem-host-map-file-1', environment, to, nodes });
      if (bytes.length > limits.hostMapFile) return;
      await repository.putFile(path, await compress(bytes, 3));
    } catch (error) {
      // A node is being removed: whoever asks has them one by one.
      if (error instanceof XylemError && error.code === 'E_OBJECT_MISSING') return;
      throw error;
    }
    for (const name of await repository.listFiles(`news/${environment}`))
      if (name.startsWith('map-') && !name.endsWith(to))
        await repository.removeFile(`news/${environment}/${name}`);
  }
}

/**
 * Nodes of a host map by the digest of their bytes, which is all that vouches for them; null: this source has no such
 * file.
 * @throws XylemError E_DOCUMENT_INVALID, and as `wholeFile`
 */
export async function readHostMapFile(
  source: ObjectSource,
  asked: HostMapFileId,
  inTime: InTime,
): Promise<ReadonlyMap<Digest, Uint8Array> | null> {
  const what = `The host map file of ${source.name}`;
  const packed = await wholeFile(source, hostMapFilePath(asked), limits.hostMapFile, inTime);
  if (packed === null) return null;
  const text = await decompress(packed, limits.hostMapFile, what, 'E_DOCUMENT_INVALID', 27);
  const nodes = parseHostMapFile(text).nodes.map((node): [Digest, Uint8Array] => {
    const bytes = Buffer.from(node);
    return [sha256(bytes), bytes];
  });
  return new Map(nodes);
}

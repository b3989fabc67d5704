import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  type Digest,
  limits,
  type Offer,
  parseTree,
  sha256,
  type TreeEntry,
  type TreeFile,
  XylemError,
} from '@xylem/core';
import { inspect } from './leftovers.ts';
import { Placement } from './placement.ts';
import type { Seeds } from './seeds.ts';
import { Staging } from './staging.ts';

/**
 * A tree's own text on its way: staged as a file of chunks beside the tree, so that a large one resumes like all the
 * rest. Its chunks are the offer's word until the digest of the whole has been checked.
 */
export class TreeText {
  readonly #tree: Digest;
  readonly #name: string;
  readonly #finished: string;
  readonly #staging: Staging;

  /** `into`: where the tree will be. */
  constructor(into: string, tree: Digest, umask: number) {
    this.#tree = tree;
    this.#name = `${basename(into)}.part.tree`;
    this.#finished = `${into}.tree`;
    this.#staging = new Staging(dirname(into), umask);
  }

  /** The entries, if the text is there whole. Throws E_TREE_* (retry never): the tree was signed like that. */
  async read(): Promise<{ text: Buffer; entries: TreeEntry[] } | null> {
    const staged = await readFile(this.#path).catch(() => null);
    // Where it was cut off right before the folder can be seen, it lies there.
    const text = staged ?? (await readFile(this.#finished).catch(() => null));
    if (text === null || sha256(text) !== this.#tree) return null;
    try {
      return { text, entries: parseTree(text) };
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      const { code, message, details } = error;
      throw new XylemError(code, message, { cause: error, details, retry: 'never' });
    }
  }

  /** The chunks that this offer names and that are neither staged nor in a seed. */
  async begin(offer: Offer, seeds: Seeds): Promise<Placement> {
    const file = this.#fileOf(offer);
    const leftover = await inspect(this.#staging, file);
    if (leftover.isWhole) return new Placement(this.#staging, [], () => undefined);
    const placement = new Placement(this.#staging, [file], () => undefined);
    for (const { digest, sizeBytes, offset } of leftover.chunks)
      placement.found(file, digest, sizeBytes, offset);
    for (const chunk of seeds.textChunks())
      if (placement.isWanted(chunk.digest)) await placement.place([chunk]);
    return placement;
  }

  /** Puts the whole text there. */
  async put(text: Uint8Array): Promise<void> {
    const file = { type: 'file', path: this.#name, executable: false } as TreeFile;
    await this.#staging.discard(file);
    await this.#staging.write(file, [{ offset: 0, bytes: text }]);
  }

  async remove(): Promise<void> {
    await this.#staging.discard({ path: this.#name } as TreeFile);
  }

  get #path(): string {
    return `${this.#staging.folder}/${this.#name}`;
  }

  #fileOf({ treeChunks }: Offer): TreeFile {
    const sizeBytes = treeChunks.reduce((sum, [, size]) => sum + size, 0);
    const only = treeChunks.length === 1 ? treeChunks[0]?.[0] : this.#tree;
    if (sizeBytes > limits.tree || only !== this.#tree) {
      throw new XylemError('E_OFFER_INVALID', `An offer of the tree ${this.#tree} describes another text.`);
    }
    return {
      type: 'file',
      path: this.#name,
      sizeBytes,
      digest: this.#tree,
      executable: false,
      chunks: treeChunks,
    };
  }
}

import {
  type Chunk,
  type Digest,
  emptyDigest,
  encodeTree,
  limits,
  sha256,
  TreeChecker,
  type TreeEntry,
  type TreeFile,
  XylemError,
} from '@xylem/core';
import { inParallel } from '../fetch/parallel.ts';
import { decompress, decompressAfter } from '../pack/zstd.ts';
import { applyDeltaBlock, beginDelta, type DeltaState } from './delta/index.ts';
import { refusePatch } from './fault.ts';
import { type Block, mostBlockBytes, type PatchHead, PatchReader } from './format.ts';
import { GrowingFile } from './growing-file.ts';
import type { OldTree } from './old-tree.ts';
import { entriesOf, type MadeFile, type OutlineEntry, unpackOutline } from './outline.ts';

/** Where the files that a patch makes grow. */
export interface PatchTarget {
  /** Once, before the first file: all entries of the new tree, with what is not known yet of made files left open. */
  prepare(entries: readonly TreeEntry[]): Promise<void>;
  /** Content of a file, piece after piece; of up to 32 files at once. */
  write(file: TreeFile, offset: number, bytes: Uint8Array): Promise<void>;
}

export interface AppliedPatch {
  /** The new tree's text: its digest is that which was asked for. */
  readonly text: Uint8Array;
  readonly entries: readonly TreeEntry[];
  readonly madeBytes: number;
}

/**
 * Makes the files of a new tree that are in no file of the old one, and the new tree's text; its digest proves all of
 * them (ADR 0015). Memory: a block and what it refers to, about 80 MB at most, and the entries of both trees.
 * @param read gives the next bytes of the patch; fewer only at its end
 * @throws XylemError E_PATCH_INVALID, E_FORMAT_UNSUPPORTED; what the target and the old tree throw; the signal's reason
 */
export async function applyPatch(
  read: (bytes: number) => Promise<Uint8Array>,
  { from, to }: { readonly from: Digest; readonly to: Digest },
  old: OldTree,
  target: PatchTarget,
  signal?: AbortSignal,
): Promise<AppliedPatch> {
  const reader = new PatchReader(read);
  const head = await reader.head();
  if (head.from !== from || head.to !== to) return refusePatch('it leads from or to another tree');
  const outline = await unpackOutline(await reader.outline(head), old.entries);
  const made = await new Making(reader, old, target, signal).all(head, outline);
  const entries = entriesOf(
    outline,
    old.entries,
    (file) => made.get(file) ?? refusePatch('a file is absent'),
  );
  const text = allowed(() => encodeTree(entries));
  if (sha256(text) !== to) return refusePatch('what it makes is not the tree that it leads to');
  return { text, entries, madeBytes: head.sizeBytes };
}

/** 8 MiB of content and 16 MiB before it. */
const windowLogMax = 25;

/** Of a block: opening and closing each takes longer than writing it. */
const filesAtOnce = 32;

type Made = Pick<TreeFile, 'digest' | 'chunks'>;

class Making {
  readonly #reader: PatchReader;
  readonly #old: OldTree;
  readonly #target: PatchTarget;
  readonly #signal: AbortSignal | undefined;
  readonly #made = new Map<MadeFile, Made>();

  constructor(reader: PatchReader, old: OldTree, target: PatchTarget, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#old = old;
    this.#target = target;
    this.#signal = signal;
  }

  async all(head: PatchHead, outline: readonly OutlineEntry[]): Promise<ReadonlyMap<MadeFile, Made>> {
    const files = outline.filter((entry) => entry.kind === 'made');
    if (files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) !== head.sizeBytes)
      refusePatch('its files have another size than it says');
    const entries = entriesOf(outline, this.#old.entries, ({ sizeBytes }) => unknown(sizeBytes));
    // Paths are anybody's word until here.
    allowed(() => check(entries));
    await this.#target.prepare(entries);
    const solid = files.filter(({ encoding }) => encoding === 'solid').values();
    for (let first = solid.next().value; first !== undefined; first = solid.next().value)
      await this.#solid(first, solid);
    for (const file of files) if (file.encoding !== 'solid') await this.#alone(file);
    await this.#reader.end();
    return this.#made;
  }

  /** One block with one or more whole files. */
  async #solid(first: MadeFile, more: Iterator<MadeFile>): Promise<void> {
    const { kind, rawLength, payload } = await this.#block();
    if (kind !== 'solid') return refusePatch('a block of another kind than its file has');
    const files = [first];
    let left = rawLength - first.sizeBytes;
    while (left > 0) {
      const file = more.next().value as MadeFile | undefined;
      if (file === undefined) return refusePatch('a block with more than its files');
      files.push(file);
      left -= file.sizeBytes;
    }
    if (left < 0) return refusePatch('a block that ends within a file');
    const prefix = await this.#old.prefix(files.map(({ base }) => base));
    const content = await decompressAfter(payload, prefix, { ...blockOf(rawLength), windowLogMax });
    if (content.length !== rawLength) return refusePatch('a block of another length than it says');
    let at = 0;
    const pieces = files.map((file): readonly [MadeFile, Uint8Array] => {
      at += file.sizeBytes;
      return [file, content.subarray(at - file.sizeBytes, at)];
    });
    await inParallel(pieces, filesAtOnce, ([file, piece]) => this.#file(file, [piece]));
  }

  async #alone(file: MadeFile): Promise<void> {
    await this.#file(file, this.#pieces(file));
  }

  async *#pieces(file: MadeFile): AsyncGenerator<Uint8Array> {
    const state = beginDelta(file.base === null ? 0 : this.#old.file(file.base).sizeBytes);
    for (let left = file.sizeBytes; left > 0; ) {
      const block = await this.#block();
      if (block.kind !== file.encoding) refusePatch('a block of another kind than its file has');
      if (block.rawLength > left) refusePatch('a block that goes beyond its file');
      const content = await this.#content(file, block, state);
      if (content.length !== block.rawLength) refusePatch('a block of another length than it says');
      left -= content.length;
      yield content;
    }
  }

  async #content(file: MadeFile, { rawLength, payload }: Block, state: DeltaState): Promise<Uint8Array> {
    if (file.encoding === 'whole') {
      const { maxBytes, what, code } = blockOf(rawLength);
      return await decompress(payload, maxBytes, what, code);
    }
    const base = file.base ?? refusePatch(`${file.path} has no base`);
    const read = (offset: number, length: number): Promise<Buffer> => this.#old.read(base, offset, length);
    return await applyDeltaBlock(payload, rawLength, read, state);
  }

  /** Writes a file, and finds out what a tree says of it. */
  async #file(file: MadeFile, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const entry: TreeFile = { type: 'file', ...file, ...unknown(file.sizeBytes) };
    const growing = new GrowingFile();
    for await (const piece of pieces) {
      await this.#target.write(entry, growing.sizeBytes, piece);
      growing.push(piece);
    }
    if (file.sizeBytes === 0) await this.#target.write(entry, 0, Buffer.alloc(0));
    const made = growing.end();
    if (!made.digest.startsWith(file.check))
      refusePatch(`it makes another ${file.path} than it was made from`);
    this.#made.set(file, made);
  }

  async #block(): Promise<Block> {
    this.#signal?.throwIfAborted();
    return await this.#reader.block();
  }
}

const blockOf = (rawLength: number) =>
  ({
    maxBytes: Math.min(rawLength, mostBlockBytes),
    what: 'block of the patch',
    code: 'E_PATCH_INVALID',
  }) as const;

/** In the place of digests that are not known yet, so that all else of a tree can be checked. */
function unknown(sizeBytes: number): Made {
  const count = Math.ceil(sizeBytes / limits.chunkMax);
  const size = (n: number): number => Math.min(limits.chunkMax, sizeBytes - n * limits.chunkMax);
  return {
    digest: emptyDigest,
    chunks: Array.from({ length: count }, (_, n): Chunk => [emptyDigest, size(n)]),
  };
}

function check(entries: readonly TreeEntry[]): void {
  const checker = new TreeChecker();
  for (const entry of entries) checker.add(entry);
  checker.end();
}

/** @throws XylemError E_PATCH_INVALID for a tree that is not allowed */
function allowed<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof XylemError)) throw cause;
    throw new XylemError('E_PATCH_INVALID', `The patch makes a tree that is not allowed: ${cause.message}`, {
      cause,
    });
  }
}

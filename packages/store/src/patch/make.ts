import { type Digest, type TreeEntry, type TreeFile, treeLine, XylemError } from '@xylem/core';
import { compress, compressAfter } from '../pack/zstd.ts';
import { Bases } from './bases.ts';
import { encodeDelta, maxBaseBytes } from './delta/index.ts';
import { encodeBlock, encodeHead, mostBlockBytes, mostMadeBytes, mostPrefixBytes } from './format.ts';
import type { OldTree } from './old-tree.ts';
import { checkOutline, type Encoding, type OutlineEntry, packOutline } from './outline.ts';

const level = 19;
/** Shorter files go together. */
const leastAloneBytes = 64 * 1024;

export interface PatchBetween {
  readonly old: OldTree;
  readonly next: OldTree;
  readonly from: Digest;
  readonly to: Digest;
  /** Files that are longer, or whose base is, go without one. Default and at most 512 MiB. */
  readonly mostDeltaBytes?: number;
}

/** A file whose content is in no old file. */
interface NewFile {
  readonly file: TreeFile;
  readonly base: TreeFile | null;
}

interface Encoded {
  readonly encoding: Encoding;
  readonly blocks: readonly Buffer[];
}

/**
 * Makes a patch between two trees that lie there whole (docs/spec/patches.md). Apply it before it is given away: what
 * does not come out is no patch. Memory: a file of at most 512 MiB, its base, and the index of that.
 * @returns its pieces, in order
 * @throws XylemError E_STORAGE, E_TOO_LARGE; the signal's reason
 */
export async function makePatch(between: PatchBetween, signal?: AbortSignal): Promise<Buffer[]> {
  const { old, next, from, to } = between;
  const { outline, files } = planOf(old.entries, next.entries);
  const sizeBytes = files.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  // Before the hours that all the rest may take.
  checkOutline(old.entries, outline);
  if (sizeBytes > mostMadeBytes)
    throw new XylemError(
      'E_TOO_LARGE',
      `No patch makes more than ${mostMadeBytes} bytes; this one has ${sizeBytes}.`,
    );
  const encodings = new Map<string, Encoding>();
  const solid: NewFile[] = [];
  const alone: Buffer[] = [];
  for (const one of files) {
    signal?.throwIfAborted();
    const encoded = await encodedAlone(one, between);
    if (encoded === null) {
      solid.push(one);
      continue;
    }
    encodings.set(one.file.path, encoded.encoding);
    alone.push(...encoded.blocks);
  }
  const together = await solidBlocks(solid, between, signal);
  const encodedOutline = outline.map((entry) =>
    entry.kind === 'made' ? { ...entry, encoding: encodings.get(entry.path) ?? entry.encoding } : entry,
  );
  const packed = await packOutline(old.entries, encodedOutline);
  const head = encodeHead({ from, to, outlineBytes: packed.length, sizeBytes });
  return [head, packed, ...together, ...alone];
}

/** The outline where all files went together, as long as it will be in the end, and the files that are to be made. Pure. */
function planOf(
  old: readonly TreeEntry[],
  next: readonly TreeEntry[],
): { readonly outline: readonly OutlineEntry[]; readonly files: readonly NewFile[] } {
  const bases = new Bases(old, next);
  const known = new Map(old.map((entry) => [entry.path, treeLine(entry)]));
  const files: NewFile[] = [];
  const outline = next.map((entry): OutlineEntry => {
    const { path } = entry;
    if (known.get(path) === treeLine(entry)) return { kind: 'kept', path };
    if (entry.type !== 'file') return { kind: 'placed', entry };
    const { executable, digest, sizeBytes } = entry;
    const same = bases.same(entry);
    if (same !== undefined) return { kind: 'copied', path, from: same.path, executable };
    const base = bases.of(entry);
    files.push({ file: entry, base });
    const check = digest.slice(0, 8);
    return { kind: 'made', path, encoding: 'solid', base: base?.path ?? null, sizeBytes, executable, check };
  });
  return { outline, files };
}

/** The smaller of a delta and the file whole; null: it goes together with others. */
async function encodedAlone({ file, base }: NewFile, between: PatchBetween): Promise<Encoded | null> {
  const { path, sizeBytes } = file;
  if (sizeBytes === 0) return { encoding: 'whole', blocks: [] };
  if (sizeBytes < leastAloneBytes) return null;
  const delta =
    base === null ||
    Math.max(base.sizeBytes, sizeBytes) > Math.min(maxBaseBytes, between.mostDeltaBytes ?? maxBaseBytes)
      ? null
      : await deltaBlocks(file, base, between);
  const deltaBytes = lengthOf(delta ?? []);
  // What hardly differs is not worth a look at what it takes whole.
  if (delta !== null && deltaBytes < sizeBytes / 100) return { encoding: 'delta', blocks: delta };
  const whole: Buffer[] = [];
  for (let at = 0; at < sizeBytes; at += mostBlockBytes) {
    const content = await between.next.read(path, at, Math.min(mostBlockBytes, sizeBytes - at));
    whole.push(
      encodeBlock({ kind: 'whole', rawLength: content.length, payload: await compress(content, level) }),
    );
  }
  return delta !== null && deltaBytes <= lengthOf(whole)
    ? { encoding: 'delta', blocks: delta }
    : { encoding: 'whole', blocks: whole };
}

async function deltaBlocks(file: TreeFile, base: TreeFile, { old, next }: PatchBetween): Promise<Buffer[]> {
  const before = await old.read(base.path, 0, base.sizeBytes);
  const content = await next.read(file.path, 0, file.sizeBytes);
  const blocks: Buffer[] = [];
  for (const { payload, rawLength } of encodeDelta(before, content))
    blocks.push(encodeBlock({ kind: 'delta', rawLength, payload }));
  return blocks;
}

/** Many files in a block, whose bases stand before it. */
async function solidBlocks(
  files: readonly NewFile[],
  { old, next }: PatchBetween,
  signal: AbortSignal | undefined,
): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  for (const group of groupsOf(files)) {
    signal?.throwIfAborted();
    const contents: Buffer[] = [];
    for (const { file } of group) contents.push(await next.read(file.path, 0, file.sizeBytes));
    const content = Buffer.concat(contents);
    if (content.length === 0) continue;
    const prefix = await old.prefix(group.map(({ base }) => base?.path ?? null));
    blocks.push(
      encodeBlock({
        kind: 'solid',
        rawLength: content.length,
        payload: await compressAfter(content, prefix, level),
      }),
    );
  }
  return blocks;
}

/** In order, as many as a block and what it may refer to hold. */
function groupsOf(files: readonly NewFile[]): NewFile[][] {
  const groups: NewFile[][] = [];
  let [contentBytes, prefixBytes] = [mostBlockBytes, mostPrefixBytes];
  for (const one of files) {
    const { sizeBytes } = one.file;
    const baseBytes = one.base?.sizeBytes ?? 0;
    if (contentBytes + sizeBytes > mostBlockBytes || prefixBytes + baseBytes > mostPrefixBytes) {
      groups.push([]);
      [contentBytes, prefixBytes] = [0, 0];
    }
    groups.at(-1)?.push(one);
    contentBytes += sizeBytes;
    prefixBytes += baseBytes;
  }
  return groups;
}

const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

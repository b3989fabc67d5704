import {
  isSize,
  jcs,
  limits,
  parseTreeLine,
  type TreeEntry,
  type TreeFile,
  type TreeFolder,
  type TreeLink,
  treeLine,
  XylemError,
} from '@xylem/core';
import { compressAfter, decompressAfter } from '../pack/zstd.ts';

/** How the content of a new file travels (docs/spec/patches.md, Outline). */
export type Encoding = 'solid' | 'delta' | 'whole';

/** A file whose content is in no old file. */
export interface MadeFile {
  readonly kind: 'made';
  readonly path: string;
  readonly encoding: Encoding;
  /** The old file that it is made from; null: none. */
  readonly base: string | null;
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** The first 8 hex digits of its digest: not for safety, but so that a fault is found at its file. */
  readonly check: string;
}

export type OutlineEntry =
  /** As in the old tree. */
  | { readonly kind: 'kept'; readonly path: string }
  /** The content of an old file, elsewhere or of another mode. */
  | {
      readonly kind: 'copied';
      readonly path: string;
      readonly from: string;
      readonly executable: boolean;
    }
  | MadeFile
  | { readonly kind: 'placed'; readonly entry: TreeFolder | TreeLink };

const letters: Readonly<Record<Encoding, string>> = { solid: 's', delta: 'd', whole: 'w' };
/** The outline and the old tree's lines before it. */
const windowLogMax = 26;
const lineEnd = '\n'.charCodeAt(0);
const encodings = new Map(Object.entries(letters).map(([name, letter]) => [letter, name as Encoding]));

/**
 * zstd of the outline, with the old tree's outline before it: what stays costs next to nothing.
 * @throws XylemError E_TOO_LARGE
 */
export async function packOutline(
  old: readonly TreeEntry[],
  entries: readonly OutlineEntry[],
): Promise<Buffer> {
  return await compressAfter(textOf(entries), keptText(old), 19);
}

/**
 * The outline of a patch from `old`, in the order of the new tree. Shape and types are checked here; that paths are
 * allowed and in order by the tree that is made of it.
 * @throws XylemError E_PATCH_INVALID, E_TOO_LARGE
 */
export async function unpackOutline(packed: Uint8Array, old: readonly TreeEntry[]): Promise<OutlineEntry[]> {
  const text = await decompressAfter(packed, keptText(old), {
    maxBytes: limits.patchOutline,
    what: 'outline of the patch',
    code: 'E_PATCH_INVALID',
    windowLogMax,
  });
  const entries: OutlineEntry[] = [];
  // Line by line: all of it as a string, and as a list of lines, would be several times as much once more.
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(lineEnd, at);
    if (end === -1) return refuse(entries.length + 1, 'it ends in the middle of a line');
    if (entries.length === limits.patchEntries) return tooManyEntries();
    entries.push(parseLine(text.toString('utf8', at, end), entries.length + 1));
    at = end + 1;
  }
  return entries;
}

/** What a reader would refuse is found before anything is compressed. @throws XylemError E_TOO_LARGE */
export function checkOutline(old: readonly TreeEntry[], entries: readonly OutlineEntry[]): void {
  keptText(old);
  textOf(entries);
}

function textOf(entries: readonly OutlineEntry[]): Buffer {
  if (entries.length > limits.patchEntries) return tooManyEntries();
  const text = Buffer.from(entries.map((entry) => `${lineOf(entry)}\n`).join(''));
  if (text.length <= limits.patchOutline) return text;
  throw new XylemError(
    'E_TOO_LARGE',
    `A patch is between trees whose outlines have at most ${limits.patchOutline} bytes; one has ${text.length}.`,
  );
}

function tooManyEntries(): never {
  throw new XylemError(
    'E_TOO_LARGE',
    `A patch is between trees of at most ${limits.patchEntries} entries; one has more.`,
  );
}

const keptText = (old: readonly TreeEntry[]): Buffer =>
  textOf(old.map(({ path }) => ({ kind: 'kept', path })));

function lineOf(entry: OutlineEntry): string {
  switch (entry.kind) {
    case 'kept':
      return jcs({ k: 1, p: entry.path });
    case 'copied':
      return jcs({ f: entry.from, p: entry.path, x: entry.executable ? true : undefined });
    case 'placed':
      return treeLine(entry.entry);
    case 'made': {
      const { path, encoding, base, sizeBytes, executable, check } = entry;
      return jcs({
        b: base === null || base === path ? undefined : base,
        e: letters[encoding],
        n: base === null ? true : undefined,
        p: path,
        s: sizeBytes,
        v: check,
        x: executable ? true : undefined,
      });
    }
  }
}

function parseLine(line: string, number: number): OutlineEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse(number, 'expected JSON');
  }
  if (typeof value !== 'object' || value === null) return refuse(number, 'expected an object');
  const { b, e, f, k, n, p: path, s, t, v, x } = value as Readonly<Record<string, unknown>>;
  if (typeof path !== 'string') return refuse(number, 'p: expected a path');
  if (k === 1) return { kind: 'kept', path };
  if (t !== undefined) {
    const entry = parseTreeLine(line, number);
    return entry.type === 'file'
      ? refuse(number, 't: expected a folder or a link')
      : { kind: 'placed', entry };
  }
  if (x !== undefined && x !== true) return refuse(number, 'x: expected true or nothing');
  const executable = x === true;
  if (f !== undefined)
    return typeof f === 'string'
      ? { kind: 'copied', path, from: f, executable }
      : refuse(number, 'f: expected a path');
  const encoding = typeof e === 'string' ? encodings.get(e) : undefined;
  if (encoding === undefined) return refuse(number, 'e: expected an encoding');
  if (b !== undefined && typeof b !== 'string') return refuse(number, 'b: expected a path');
  if (n !== undefined && (n !== true || b !== undefined)) return refuse(number, 'n: expected true, and no b');
  if (!isSize(s)) return refuse(number, 's: expected a size in bytes');
  if (typeof v !== 'string' || !/^[0-9a-f]{8}$/.test(v)) return refuse(number, 'v: expected 8 hex digits');
  const base = n === true ? null : (b ?? path);
  return { kind: 'made', path, encoding, base, sizeBytes: s, executable, check: v };
}

/** The entries that a new tree has, where all of its made files are known. */
export function entriesOf(
  outline: readonly OutlineEntry[],
  old: readonly TreeEntry[],
  made: (file: MadeFile) => Pick<TreeFile, 'digest' | 'chunks'>,
): TreeEntry[] {
  const known = new Map(old.map((entry) => [entry.path, entry]));
  const oldFile = (path: string): TreeFile => {
    const entry = known.get(path);
    if (entry?.type === 'file') return entry;
    throw new XylemError('E_PATCH_INVALID', `The patch goes by ${path}, which is no file of the old tree.`);
  };
  return outline.map((entry): TreeEntry => {
    if (entry.kind === 'placed') return entry.entry;
    const { path } = entry;
    if (entry.kind === 'kept') {
      const same = known.get(path);
      if (same !== undefined) return same;
      throw new XylemError('E_PATCH_INVALID', `The patch keeps ${path}, which the old tree does not have.`);
    }
    const { executable } = entry;
    if (entry.kind === 'copied') return { ...oldFile(entry.from), path, executable };
    return { type: 'file', path, sizeBytes: entry.sizeBytes, executable, ...made(entry) };
  });
}

function refuse(line: number, reason: string): never {
  throw new XylemError(
    'E_PATCH_INVALID',
    `Line ${line} of the outline of the patch is not valid: ${reason}.`,
  );
}

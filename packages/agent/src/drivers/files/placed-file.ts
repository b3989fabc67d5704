import { isDigest } from '@xylem/core';
import type { Log } from '@xylem/platform';
import type { Placed } from '../../slot/placed.ts';
import { parsePlaced } from '../../slot/record.ts';
import { type JsonFile, jsonFile } from '../../state/json-file.ts';

/** One file outside of the slot. */
export interface PlacedOne {
  /** Absolute. */
  readonly to: string;
  /** Any of these is this component's own: what should be there, and until it is, what was there before. */
  readonly digests: readonly string[];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** How it looked when it was right: what looks alike is believed. Empty while it is being placed. */
  readonly look: string;
}

/** `components/<component>/placed.json`: what of this component lies outside of its slot. */
export interface PlacedFiles {
  readonly placed: Placed;
  /** It was begun and may be half done, or its reload was not run yet. */
  readonly isPending: boolean;
  /** That were made for it, the outermost first. */
  readonly folders: readonly string[];
  readonly files: readonly PlacedOne[];
}

export function placedFile(path: string, log: Log): JsonFile<PlacedFiles> {
  return jsonFile(path, 'xylem-placed-1', parse, log);
}

function parse({ placed, isPending, folders, files }: Record<string, unknown>): PlacedFiles {
  if (!Array.isArray(folders) || !folders.every((one) => typeof one === 'string')) throw new Error('folders');
  if (!Array.isArray(files)) throw new Error('files');
  return {
    placed: parsePlaced(placed),
    isPending: isPending !== false,
    folders,
    files: files.map((value): PlacedOne => {
      const { to, digests, mode, uid, gid, look } = (value ?? {}) as PlacedOne;
      if (typeof to !== 'string' || typeof look !== 'string') throw new Error('a file without its place');
      if (!Array.isArray(digests) || !digests.every(isDigest)) throw new Error('a file without digests');
      if (![mode, uid, gid].every(Number.isSafeInteger)) throw new Error('a file without mode and owner');
      return { to, digests, mode, uid, gid, look };
    }),
  };
}

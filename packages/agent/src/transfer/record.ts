import { type Digest, isDigest } from '@xylem/core';
import type { Log } from '@xylem/platform';
import type { FetchedTree, RoadChoice } from '@xylem/store';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** How the last tree of a component came to this host. */
export interface Transfer {
  readonly tree: Digest;
  /** RFC 3339. */
  readonly time: string;
  readonly seconds: number;
  /** What parents gave before it; null: that was not known. */
  readonly bytesPerSecond: number | null;
  /** What was weighed; null: nothing had to be fetched, or an agent of before noted no roads but where there was a patch. */
  readonly choice: RoadChoice | null;
  readonly took: FetchedTree;
}

/** What a report says of a tree that a patch brought; null: chunks did, or it was something else. Pure. */
export function cameBy(transfer: Transfer | null, tree: Digest): { from: Digest; bytes: number } | null {
  if (transfer === null || transfer.tree !== tree || transfer.took.patchedBytes === 0) return null;
  const patch = transfer.choice?.roads.find(({ kind }) => kind === 'patch');
  return patch === undefined || patch.from === null
    ? null
    : { from: patch.from, bytes: transfer.took.fetchedBytes };
}

export const transferFile = (path: string, log: Log): JsonFile<Transfer> =>
  jsonFile(path, 'xylem-transfer-1', parse, log);

function parse({ tree, time, seconds, bytesPerSecond, choice, took }: Record<string, unknown>): Transfer {
  if (typeof tree !== 'string' || !isDigest(tree)) throw new Error('no tree');
  if (typeof time !== 'string' || typeof seconds !== 'number') throw new Error('no time');
  if (typeof took !== 'object' || took === null) throw new Error('nothing of what it took');
  return { tree, time, seconds, bytesPerSecond, choice, took } as Transfer;
}

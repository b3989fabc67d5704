import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, type DomainId, parseTree, type TreeFile, XylemError } from '@xylem/core';
import { fetchTree } from '../fetch/fetch-tree.ts';
import { applyPatch } from '../patch/apply.ts';
import { makePatch } from '../patch/make.ts';
import { OldTree } from '../patch/old-tree.ts';
import type { Repository } from '../repository/repository.ts';
import { repositorySource } from '../source/repository-source.ts';

export interface PatchBetweenOptions {
  readonly repository: Repository;
  readonly domain: DomainId;
  readonly from: Digest;
  readonly to: Digest;
  /** Holds both trees meanwhile; emptied before. */
  readonly folder: string;
  /** Longer files are not compared with their former versions: that takes about four times as much memory. */
  readonly mostDeltaBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * A patch between two trees of a repository, proven by applying it.
 * @throws XylemError E_DISK_FULL, E_OBJECT_MISSING and others of `fetchTree`, E_TOO_LARGE, E_PATCH_INVALID: it does not
 *   give the new tree, which is a fault of this program
 */
export async function patchBetween(
  options: PatchBetweenOptions,
): Promise<{ readonly pieces: readonly Buffer[]; readonly madeBytes: number }> {
  const { from, to, folder, mostDeltaBytes, signal } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const old = await laidOut(options, from, []);
  const next = await laidOut(options, to, [from]);
  try {
    const pieces = await makePatch({ old, next, from, to, mostDeltaBytes }, signal);
    return { pieces, madeBytes: await prove(pieces, { from, to }, old, next, signal) };
  } finally {
    await old.close();
    await next.close();
  }
}

async function laidOut(
  { repository, domain, folder, signal }: PatchBetweenOptions,
  tree: Digest,
  seeds: readonly Digest[],
): Promise<OldTree> {
  const into = join(folder, tree);
  await fetchTree({
    source: repositorySource(repository),
    domain,
    tree,
    into,
    seeds: seeds.map((seed) => ({ folder: join(folder, seed) })),
    share: 'link',
    ...(signal === undefined ? {} : { signal }),
  });
  return new OldTree(into, parseTree(await readFile(`${into}.tree`)));
}

/** What it makes is compared with the tree as it was published: nothing is written. */
async function prove(
  pieces: readonly Buffer[],
  trees: { readonly from: Digest; readonly to: Digest },
  old: OldTree,
  next: OldTree,
  signal: AbortSignal | undefined,
): Promise<number> {
  const target = {
    prepare: async (): Promise<void> => undefined,
    write: async ({ path }: TreeFile, offset: number, bytes: Uint8Array): Promise<void> => {
      const expected = await next.read(path, offset, bytes.length);
      if (!expected.equals(bytes))
        throw new XylemError('E_PATCH_INVALID', `The patch makes other content for ${path} at ${offset}.`);
    },
  };
  return (await applyPatch(readerOf(pieces), trees, old, target, signal)).madeBytes;
}

function readerOf(pieces: readonly Buffer[]): (bytes: number) => Promise<Uint8Array> {
  let [piece, at] = [0, 0];
  return async (bytes) => {
    const parts: Buffer[] = [];
    let left = bytes;
    for (let current = pieces[piece]; current !== undefined && left > 0; current = pieces[piece]) {
      const part = current.subarray(at, at + left);
      parts.push(part);
      left -= part.length;
      at += part.length;
      if (at < current.length) break;
      piece += 1;
      at = 0;
    }
    return Buffer.concat(parts);
  };
}

/** Writes it to a file, synced. @throws what the system says */
export async function writePieces(path: string, pieces: readonly Buffer[]): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'w', 0o600);
    for (const piece of pieces) await file.write(piece);
    await file.sync();
  } finally {
    await file?.close();
  }
}

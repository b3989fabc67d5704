import type { PublishedTree } from '../publish/types.ts';
import { makePatch } from './make.ts';
import { OldTree } from './old-tree.ts';

/** For this folder's tests. */
export type Published = PublishedTree & { readonly folder: string };

export async function patchBetween(old: Published, next: Published): Promise<Buffer> {
  const trees = [old, next].map(({ folder, entries }) => new OldTree(folder, entries)) as [OldTree, OldTree];
  try {
    return Buffer.concat(await makePatch({ old: trees[0], next: trees[1], from: old.tree, to: next.tree }));
  } finally {
    for (const tree of trees) await tree.close();
  }
}

/** Gives the next bytes of a patch. */
export function from(patch: Uint8Array): (bytes: number) => Promise<Uint8Array> {
  let at = 0;
  return async (bytes) => {
    const begin = at;
    at = Math.min(patch.length, at + bytes);
    return patch.subarray(begin, at);
  };
}

import type { Digest, DomainId, NewsFile, PatchList } from '@xylem/core';
import { patchListIn, patchListPath } from '@xylem/store';

/** Which patches there are, as far as the news of the direction that is followed said. */
export interface PatchLists {
  /** Before what it brought is followed; null: no news file brought it, so nobody said. */
  learn(news: NewsFile | null): void;
  /** By what a tree may be fetched: who was told of no list need not ask for one. */
  of(domain: DomainId, tree: Digest): PatchList | 'ask' | 'none';
}

export function patchLists(): PatchLists {
  let said: NewsFile['files'] | null = null;
  return {
    learn: (news) => {
      const lists = Object.entries(news?.files ?? {}).filter(([path]) => path.includes('/patches/'));
      said = news === null ? null : Object.fromEntries(lists);
    },
    of: (domain, tree) => {
      if (said === null) return 'ask';
      const path = patchListPath(domain, tree);
      const text = Object.hasOwn(said, path) ? said[path] : undefined;
      return text === undefined ? 'none' : (patchListIn(Buffer.from(text), tree) ?? 'none');
    },
  };
}

import type { RootFront, TestPackage } from '@xylem/testkit/builders';
import { stagedBytes } from './look.ts';
import { noiseBytes } from './versions.ts';

/** What one life of an agent asks for of a tree of which it has a part. */
export interface Transfer {
  /** @param wanted what it is about to fetch */
  beginLife(wanted: TestPackage | undefined): Promise<void>;
  /** Bytes that it asked for although it had them when it began; null: it had none. */
  endLife(): number | null;
}

export function transferOf(front: RootFront, stateFolder: string): Transfer {
  let packs: readonly string[] = [];
  let hadBytes = 0;
  let askedBytes = 0;
  front.intercept((request) => {
    if (packs.some((pack) => request.url?.endsWith(pack))) {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      askedBytes += Number(to) - Number(from) + 1;
    }
    return false;
  });
  return {
    beginLife: async (wanted) => {
      packs = wanted?.packs ?? [];
      hadBytes = wanted === undefined ? 0 : ((await stagedBytes(stateFolder)).get(wanted.tree) ?? 0);
      askedBytes = 0;
    },
    endLife: () => (hadBytes === 0 ? null : Math.max(0, askedBytes - Math.max(0, noiseBytes - hadBytes))),
  };
}

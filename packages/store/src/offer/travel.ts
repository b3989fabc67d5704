import type { Offer } from '@xylem/core';

/** What a tree costs on its way, as frames of packs: the least that is fetched at once. */
export interface Travel {
  /** To a host that has nothing. */
  readonly wholeBytes: number;
  /** To a host that has the former trees: frames that none of them has. */
  readonly likelyBytes: number;
}

/**
 * From offers alone, without reading a tree. Chunks that a former tree has lie in frames that its offer names too, as
 * long as packs were not rewritten in between. Pure.
 */
export function travelOf(offer: Offer, former: readonly Offer[]): Travel {
  const known = new Set(former.flatMap(framesOf).map(({ key }) => key));
  let wholeBytes = 0;
  let likelyBytes = 0;
  for (const { key, length } of framesOf(offer)) {
    wholeBytes += length;
    if (!known.has(key)) likelyBytes += length;
  }
  return { wholeBytes, likelyBytes };
}

const framesOf = ({ packs, frames }: Offer) =>
  frames.map(([pack, offset, length]) => ({ key: `${packs[pack]?.[0]} ${offset}`, length }));

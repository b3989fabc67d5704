import { brokenBy, isStillBroken, type Moved, placementAfter, releaseIn } from './broken.ts';
import { orderOf } from './order.ts';
import type { Asks, Coming, KnownOptions, Move, Outcome } from './outcome.ts';
import { type Need, type PlacedComponent, Placement } from './placed.ts';

const mostLooks = 500;

/** Where the first way that was tried ended. */
interface DeadEnd {
  readonly moves: readonly Move[];
  readonly broken: Need;
}

interface Search {
  readonly before: Placement;
  readonly coming: Coming;
  readonly known: KnownOptions;
  looks: number;
  deadEnd: DeadEnd | null;
}

/**
 * What else has to change when a release comes to an environment, or a product goes. Pure: what it has to know first it
 * asks for, and is called again.
 */
export function whatItTakes(
  before: readonly PlacedComponent[],
  coming: Coming,
  known: KnownOptions,
): Outcome | Asks {
  const search: Search = { before: new Placement(before), coming, known, looks: 0, deadEnd: null };
  const found = look(search, new Map([[coming.product, coming]]), []);
  if (found !== null) return found;
  if (search.deadEnd === null) throw new TypeError('a search that ended nowhere');
  return { kind: search.looks > mostLooks ? 'unknown' : 'conflict', ...search.deadEnd };
}

/**
 * Depth first: a need that a change breaks is mended by changing the product at its other end. None is changed twice, so
 * that cycles end.
 */
function look(search: Search, moved: Moved, moves: readonly Move[]): Outcome | Asks | null {
  const { before, known } = search;
  search.looks += 1;
  const [broken] = brokenBy(before, moved);
  if (broken === undefined) return inOrder(search, moved, moves);
  const ends = otherEnds(search, broken, moved);
  if ('kind' in ends) return ends;
  for (const product of ends) {
    const options = known.releases.get(product);
    if (options === undefined) return { kind: 'asks', releasesOf: product };
    for (const option of options) {
      if (search.looks > mostLooks) break;
      const next = new Map([...moved, [product, option] as const]);
      if (option.release === null || isStillBroken(placementAfter(before, next), broken)) continue;
      const move = { product, from: releaseIn(before, product), to: option.release, because: broken };
      const found = look(search, next, [...moves, move]);
      if (found !== null) return found;
    }
  }
  search.deadEnd ??= { moves, broken };
  return null;
}

/** Products that could mend it and have not changed yet. */
function otherEnds(
  { known }: Search,
  { by, component, found, apart }: Need,
  moved: Moved,
): readonly string[] | Asks {
  if (!moved.has(by.product)) return [by.product];
  const there = [...found, ...apart].map(({ product }) => product);
  const having = there.length > 0 ? there : known.products.get(component);
  if (having === undefined) return { kind: 'asks', productsWith: component };
  return [...new Set(having)].filter((product) => !moved.has(product));
}

/** Whatever has to change does so before what would break without it, and so what comes is the last. */
function inOrder({ before, coming }: Search, moved: Moved, moves: readonly Move[]): Outcome {
  if (moves.length === 0) return { kind: 'fits' };
  const order = orderOf(before, moved);
  if (order === null) return { kind: 'together', moves };
  const others = order.filter((product) => product !== coming.product);
  return {
    kind: 'drags',
    moves: others.flatMap((product) => moves.filter((move) => move.product === product)),
  };
}

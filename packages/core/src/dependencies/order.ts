import { brokenBy, type Moved } from './broken.ts';
import type { Coming } from './outcome.ts';
import type { Placement } from './placed.ts';

const mostLooks = 500;

/**
 * In which order products can change, one after the other, so that each step leaves all needs met; null where none was
 * found. Pure.
 */
export function orderOf(before: Placement, moved: Moved): readonly string[] | null {
  const products = [...moved.keys()].sort();
  const tried = new Set<string>();
  const extend = (done: readonly string[]): readonly string[] | null => {
    if (done.length === products.length) return done;
    for (const product of products) {
      if (done.includes(product)) continue;
      const next = [...done, product];
      const key = next.toSorted().join('\n');
      if (tried.has(key) || tried.size >= mostLooks) continue;
      tried.add(key);
      if (brokenBy(before, only(moved, next)).length > 0) continue;
      const whole = extend(next);
      if (whole !== null) return whole;
    }
    return null;
  };
  return extend([]);
}

const only = (moved: Moved, products: readonly string[]): Map<string, Coming> =>
  new Map([...moved].filter(([product]) => products.includes(product)));

import type { Mixture } from './mixture.ts';

/** How steeply the weight of a place in the order grows: 1 for a little worse than the rest, 16 for by far the worst. */
export const rankMixture: Mixture = { alternatives: [1, 4, 16], weights: [1 / 4, 1 / 2, 1 / 4] };

/**
 * The likelihood ratio of a unit's place among `all`, the worst last: places weigh (place / all)^exponent where the
 * exposed are worse, and all alike under the null. Equal units share the mean of their places `first` to `last` (from 1).
 */
export function orderedRatio(first: number, last: number, all: number, exponent: number): number {
  let sum = 0;
  let own = 0;
  for (let place = 1; place <= all; place += 1) {
    const weight = power(place / all, exponent);
    sum += weight;
    if (place >= first && place <= last) own += weight;
  }
  return (own / (last - first + 1)) * (all / sum);
}

/** By squaring, as in `scaled.ts`; from 0 to 1 a double is room enough. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

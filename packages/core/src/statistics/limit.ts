import type { Mixture } from './mixture.ts';
import { plain, power, type Scaled, times } from './scaled.ts';

/** Shares of what has been won that are staked on the next unit being above the limit. */
export const limitMixture: Mixture = {
  alternatives: [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8],
  weights: [1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8],
};

/** The factor of one unit of which the share `bad` was bad: its mean is at most 1 if that of `bad` is at most `limit`. */
export function limitRatio(bad: number, limit: number, stake: number): number {
  return 1 + stake * (bad / limit - 1);
}

/** The product over `units` hosts of which `failed` failed, whatever their order. */
export function limitProduct(units: number, failed: number, limit: number, stake: number): Scaled {
  return times(
    power(limitRatio(1, limit, stake), failed),
    power(limitRatio(0, limit, stake), Math.max(0, units - failed)),
  );
}

/** Rates below the one that is to be ruled out, as shares of it. */
const below = [0, 1 / 4, 1 / 2, 3 / 4];

/**
 * The e-value against "at least `rate` of hosts fail": where it is 1/alpha or more, the failure rate is below `rate`,
 * at any look, with confidence 1 - alpha. Give hosts that are still awaited as failed: who answers first is not chance.
 */
export function evidenceBelow(rate: number, hosts: number, failed: number): number {
  const products = below.map((share) =>
    plain(times(power(share, failed), power((1 - share * rate) / (1 - rate), hosts - failed))),
  );
  return products.reduce((sum, product) => sum + product / below.length, 0);
}

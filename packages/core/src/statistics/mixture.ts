import { one, plain, type Scaled, scaled, times } from './scaled.ts';

/**
 * Products of likelihood ratios, one for each alternative, and their weighted mean: an e-value. Under the null its mean
 * is at most one at any moment at which somebody stops, so that it reaches 1/alpha with a chance of at most alpha.
 *
 * Only addition, multiplication and division of IEEE 754 doubles are used: every engine computes these alike, to the
 * last bit, as it need not for logarithms. So what was recorded can be recomputed, and nothing is rounded before it is
 * compared.
 */

/** Alternatives that are tried beside each other. `weights` add up to one. */
export interface Mixture {
  readonly alternatives: readonly number[];
  readonly weights: readonly number[];
}

/** What has been found so far; plain JSON. */
export interface EProcess {
  /** The product of likelihood ratios by alternative, in the mixture's order. */
  readonly products: readonly Scaled[];
  /** The same had every counted exposed unit been as bad as can be: what this evidence could have shown. */
  readonly ceilings: readonly Scaled[];
  /** The highest e-value at any look: a test that once said stop does not take it back. */
  readonly peak: number;
}

export function noEvidence({ alternatives }: Mixture): EProcess {
  return { products: alternatives.map(() => one), ceilings: alternatives.map(() => one), peak: 1 };
}

/** The e-value of products: their mean by the mixture's weights. */
export function mean({ weights }: Mixture, products: readonly Scaled[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * plain(products[index] ?? one), 0);
}

/**
 * After one more piece of evidence.
 * @param ratio its likelihood ratio by alternative
 * @param ceiling what that would have been at the worst; absent where nothing exposed was counted
 */
export function multiplied(
  mixture: Mixture,
  { products, ceilings, peak }: EProcess,
  ratio: (alternative: number) => number,
  ceiling?: (alternative: number) => number,
): EProcess {
  const by = (those: readonly Scaled[], factor: (alternative: number) => number): Scaled[] =>
    mixture.alternatives.map((alternative, index) => times(those[index] ?? one, scaled(factor(alternative))));
  const next = by(products, ratio);
  return {
    products: next,
    ceilings: ceiling === undefined ? ceilings : by(ceilings, ceiling),
    peak: Math.max(peak, mean(mixture, next)),
  };
}

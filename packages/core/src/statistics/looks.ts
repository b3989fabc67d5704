import { type Mixture, mean } from './mixture.ts';
import {
  mixtureOf,
  type RequestState,
  type RequestTest,
  type RequestUnit,
  updateRequests,
} from './requests.ts';
import { one, plus, type Scaled, scaled, times } from './scaled.ts';

/**
 * Looks at units while they still bake. The same unit is looked at several times, each time over all that it has
 * answered since, so that the looks hang together and their e-values must not be multiplied. Their mean by weights that
 * were fixed before is an e-value again; what is known of it at an earlier look is never more than what it comes to.
 */

/** Parts of the bake after which units are looked at; the last is its end. */
export const lookShares = [1 / 8, 1 / 4, 1 / 2, 1] as const;
/** Powers of two, so that weighing is exact; they add up to 1. */
const lookWeights = [1 / 8, 1 / 8, 1 / 4, 1 / 2] as const;
export const lastLook = lookShares.length - 1;

type Looked = NonNullable<RequestState['looked']>;

/**
 * The state after a look.
 * @param from the first look that had not been taken: one that was missed leaves its weight to the next
 * @param look at most `lastLook`, with which the units' bakes are over and they count
 * @param blocks as for `updateRequests`, over what has passed of the bake
 */
export function lookedAt(
  test: RequestTest,
  state: RequestState,
  from: number,
  look: number,
  blocks: readonly (readonly RequestUnit[])[],
): RequestState {
  const { looked, ...base } = state;
  const seen = blocks.reduce<RequestState>((before, units) => updateRequests(test, before, units), base);
  // Nobody has looked before: each unit's factor alone is evidence, as it comes.
  if (look === lastLook && looked === undefined) return seen;
  const mixture = mixtureOf(test);
  const sum = added(mixture, looked, seen.evidence, weightOf(from, look));
  const peak = Math.max(base.evidence.peak, mean(mixture, sum.products));
  if (look === lastLook) return { ...seen, evidence: { ...sum, peak } };
  return { ...base, looked: sum, evidence: { ...base.evidence, peak } };
}

/** Units that are given up before their last look: what was not looked at says nothing. */
export function givenUp(test: RequestTest, state: RequestState, from: number): RequestState {
  const { looked, ...base } = state;
  if (looked === undefined) return state;
  const sum = added(mixtureOf(test), looked, base.evidence, weightOf(from, lastLook));
  return { ...base, evidence: { ...sum, peak: base.evidence.peak } };
}

function weightOf(from: number, look: number): number {
  return lookWeights.slice(from, look + 1).reduce<number>((sum, weight) => sum + weight, 0);
}

function added(
  { alternatives }: Mixture,
  looked: Looked | undefined,
  { products, ceilings }: Looked,
  weight: number,
): Looked {
  const sum = (before: readonly Scaled[] | undefined, those: readonly Scaled[]): Scaled[] =>
    alternatives.map((_, index) => {
      const share = times(those[index] ?? one, scaled(weight));
      const was = before?.[index];
      return was === undefined ? share : plus(was, share);
    });
  return { products: sum(looked?.products, products), ceilings: sum(looked?.ceilings, ceilings) };
}

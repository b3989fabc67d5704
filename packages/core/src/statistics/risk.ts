import type { Mixture } from './mixture.ts';

export type Arm = 'exposed' | 'control';

/** Hosts that are watched and have neither failed nor left. */
export interface AtRisk {
  readonly exposed: number;
  readonly control: number;
}

/**
 * How many times more often exposed hosts fail. Chosen by simulation (`bench/run verdicts`): quick from 3 to 10 times,
 * and with 32 for hosts that never failed before.
 */
export const failureMixture: Mixture = {
  alternatives: [2, 4, 8, 32],
  weights: [1 / 4, 3 / 8, 1 / 4, 1 / 8],
};

/**
 * The likelihood ratio of one failure: given that one of those at risk fails, an exposed one does with chance
 * exposed / all if the release changes nothing, and as if each exposed host counted `times` if it fails so much more
 * often. With one arm only it is 1: that says nothing.
 */
export function failureRatio(arm: Arm, { exposed, control }: AtRisk, times: number): number {
  const all = exposed + control;
  const weighted = times * exposed + control;
  return arm === 'exposed' ? (times * all) / weighted : all / weighted;
}

import { limitMixture, limitRatio } from './limit.ts';
import { type EProcess, type Mixture, multiplied, noEvidence } from './mixture.ts';
import { orderedRatio, rankMixture } from './ranks.ts';
import type { Arm } from './risk.ts';

/** What is asked: whether exposed units answer worse than concurrent controls, or than a share that was named. */
export type RequestTest =
  /** Tolerated is a share of bad requests of up to `ratio` times that of controls plus `margin`; absent: 1 and 0. */
  | { readonly kind: 'controls'; readonly ratio?: number; readonly margin?: number }
  /** `share`: of requests that may be bad, above 0 and below 1. */
  | { readonly kind: 'limit'; readonly share: number };

/** What one host answered over its bake; or, where hosts can't be told apart, one arm over one interval. */
export interface RequestUnit {
  readonly id: string;
  readonly arm: Arm;
  readonly good: number;
  readonly bad: number;
}

/** Plain JSON. Units without any request are not counted. */
export interface RequestState {
  readonly exposed: number;
  readonly control: number;
  readonly evidence: EProcess;
  /** What looks at units that still bake have added up to, `evidence` among it; absent: none was taken. */
  readonly looked?: Pick<EProcess, 'products' | 'ceilings'>;
}

export function mixtureOf(test: RequestTest): Mixture {
  return test.kind === 'controls' ? rankMixture : limitMixture;
}

export function noRequests(test: RequestTest): RequestState {
  return { exposed: 0, control: 0, evidence: noEvidence(mixtureOf(test)) };
}

/** More controls in a block add little; they are taken by id, which says nothing about them. */
const controlsPerBlock = 1_000;

/**
 * The state after one block: units that were watched over the same time and in the same stratum, complete. The order of
 * `units` does not matter. Each host may be given once; blocks count in the order in which they are given.
 */
export function updateRequests(
  test: RequestTest,
  state: RequestState,
  units: readonly RequestUnit[],
): RequestState {
  const counted = units.filter(({ good, bad }) => good + bad > 0);
  counted.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const exposed = counted.filter(({ arm }) => arm === 'exposed');
  const controls = counted.filter(({ arm }) => arm === 'control').slice(0, controlsPerBlock);
  const evidence =
    test.kind === 'limit'
      ? exposed.reduce((before, unit) => aboveLimit(before, shareOf(unit), test.share), state.evidence)
      : aboveControls(
          state.evidence,
          exposed.map((unit) =>
            Math.max(0, (shareOf(unit) - (test.margin ?? 0)) / Math.max(1, test.ratio ?? 1)),
          ),
          controls.map(shareOf),
        );
  return { exposed: state.exposed + exposed.length, control: state.control + controls.length, evidence };
}

function shareOf({ good, bad }: RequestUnit): number {
  return bad / (good + bad);
}

function aboveLimit(evidence: EProcess, share: number, limit: number): EProcess {
  return multiplied(
    limitMixture,
    evidence,
    (stake) => limitRatio(share, limit, stake),
    (stake) => limitRatio(1, limit, stake),
  );
}

/** Exposed units are taken out of the block one after another: each is, under the null, any of those still in it. */
function aboveControls(
  evidence: EProcess,
  exposed: readonly number[],
  controls: readonly number[],
): EProcess {
  // Without controls exposed units would only be compared with each other.
  if (controls.length === 0) return evidence;
  const pool = [...exposed, ...controls].sort((a, b) => a - b);
  return exposed.reduce((before, value) => {
    const first = pool.indexOf(value);
    const last = pool.lastIndexOf(value);
    const all = pool.length;
    pool.splice(first, 1);
    return multiplied(
      rankMixture,
      before,
      (exponent) => orderedRatio(first + 1, last + 1, all, exponent),
      (exponent) => orderedRatio(all, all, all, exponent),
    );
  }, evidence);
}

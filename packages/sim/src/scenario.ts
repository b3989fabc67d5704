import type { AdvancePolicy, Strategy } from '@xylem/core';

/** What is played; the same scenario gives the same run. Times in milliseconds. */
export interface Scenario {
  readonly hosts: number;
  readonly seed: number;
  readonly strategy: Strategy;
  readonly policy: AdvancePolicy;
  /** How often the root server looks; as often as anything can be decided. */
  readonly lookMs: number;
  /** It is given up after so long. */
  readonly untilMs: number;
  /** Between two regular reports of a host. */
  readonly reportMs: number;
  /** How long a report is on its way, on average. */
  readonly latencyMs: number;
  /** How long a host takes for its update, on average. */
  readonly updateMs: number;
  /** On average between two failures of one host that have nothing to do with the release; Infinity is written as null. */
  readonly failsEveryMs: number | null;
  /** Share of hosts that the new version breaks, within `breaksWithinMs` after the update. */
  readonly breaks: number;
  readonly breaksWithinMs: number;
  /** Share of failures after which a host says nothing any more. */
  readonly silent: number;
  /** Share of hosts that are switched off at the beginning, and come back within `untilMs`. */
  readonly offline: number;
  /** Share of hosts that are removed within a day. */
  readonly leaves: number;
}

const minute = 60_000;

export const usual: Omit<Scenario, 'hosts' | 'seed' | 'strategy'> = {
  policy: { offlineAfterMs: 45 * minute, silentAfterMs: 30 * minute },
  lookMs: minute,
  untilMs: 14 * 24 * 60 * minute,
  reportMs: 15 * minute,
  latencyMs: 20_000,
  updateMs: 2 * minute,
  failsEveryMs: null,
  breaks: 0,
  breaksWithinMs: 10 * minute,
  silent: 0.2,
  offline: 0,
  leaves: 0,
};

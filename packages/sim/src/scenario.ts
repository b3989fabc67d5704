import type { AdvancePolicy, Strategy } from '@xylem/core';
import type { Span } from './spans.ts';

/** What is played; the same scenario gives the same run. Times in milliseconds, shares from 0 to 1. */
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
  /** How long a report is on its way, and direction to a host. */
  readonly latency: Span;
  /** How long a host takes for its update. */
  readonly update: Span;
  /** So many values of the strategy's label hosts have; one of them in twenty has none. */
  readonly sites: number;
  /** On average between two failures of one host that have nothing to do with the release; null: none. */
  readonly failsEveryMs: number | null;
  /** Share of hosts that the new version breaks, within `breaksWithinMs` after the update. They are well again without it. */
  readonly breaks: number;
  readonly breaksWithinMs: number;
  /** Share of failures after which a host says nothing any more, for ever. */
  readonly silent: number;
  /** Share of hosts that are switched off at the beginning, and come back within `untilMs`. */
  readonly offline: number;
  /** Shares of hosts that within `churnMs` are removed, come new, or get another value of the label. */
  readonly leaves: number;
  readonly joins: number;
  readonly relabels: number;
  readonly churnMs: number;
  /** On average between two crashes of the root server, of which each takes up to `downMs`; null: none. */
  readonly crashesEveryMs: number | null;
  readonly downMs: number;
}

const minute = 60_000;

export const usual: Omit<Scenario, 'hosts' | 'seed' | 'strategy'> = {
  policy: { offlineAfterMs: 45 * minute, silentAfterMs: 15 * minute },
  lookMs: minute,
  untilMs: 14 * 24 * 60 * minute,
  reportMs: 15 * minute,
  latency: { kind: 'exponential', ms: 20_000 },
  update: { kind: 'exponential', ms: 2 * minute },
  sites: 0,
  failsEveryMs: null,
  breaks: 0,
  breaksWithinMs: 10 * minute,
  silent: 0.2,
  offline: 0,
  leaves: 0,
  joins: 0,
  relabels: 0,
  churnMs: 24 * 60 * minute,
  crashesEveryMs: null,
  downMs: 10 * minute,
};

/** The value of the label of a site; null: it has none. */
export const labelOfSite = (site: number): string | null => (site < 0 ? null : `site-${site}`);

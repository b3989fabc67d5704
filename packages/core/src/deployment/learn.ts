import { type FailureEvent, noFailures, updateFailures } from '../statistics/failures.ts';
import type { AdvancePolicy, CanaryState, Decision, HostEvidence, Judging } from './deployment.ts';
import { failureTest } from './judged.ts';
import { isEligible, marked, type Turn } from './turns.ts';
import { seenOf } from './watching.ts';

/** What is known after a look, before anything is decided. */
export interface Learned {
  readonly marks: readonly Decision[];
  readonly canary: CanaryState;
  /** With their marks, which count at once. */
  readonly turns: readonly Turn[];
}

/** @param stratumOf within which a host is compared */
export function learn(
  judging: Judging,
  known: CanaryState,
  before: readonly Turn[],
  evidence: readonly HostEvidence[],
  stratumOf: (host: HostEvidence) => string,
  now: number,
  policy: AdvancePolicy,
): Learned {
  const gone = evidence.filter((host) => !isEligible(host));
  const seen = seenOf(judging, before, gone, stratumOf, now, policy);
  return {
    marks: seen.marks,
    canary: withEvents(known, seen.events),
    turns: marked(before, seen.marks, now),
  };
}

export function begun(now: number): CanaryState {
  return { began: now, step: 0, since: now, failures: noFailures(failureTest) };
}

export function withEvents(canary: CanaryState, events: readonly FailureEvent[]): CanaryState {
  return events.length === 0
    ? canary
    : { ...canary, failures: updateFailures(failureTest, canary.failures, events) };
}

import type { HostProbe } from '../wire/probes.ts';
import { judgeProbe, type ProbeResult, type ProbeSeen, type ProbeState, pauseMsOf } from './probe.ts';

/** How a probe stands on the host that asks it. Times: milliseconds since 1970. */
export interface ProbeStanding {
  /** What it reports. */
  readonly said: ProbeResult;
  /** Another state was seen once, and is not said until it is seen again; null: none. */
  readonly doubt: { readonly state: ProbeState; readonly since: number } | null;
}

/**
 * What a host says after it has asked: another state only once it was seen twice in a row, so that one lost answer is no
 * report, nor one after the other of what answers by turns. Pure.
 */
export function standingAfter(
  probe: HostProbe,
  seen: ProbeSeen,
  nowMs: number,
  before: ProbeStanding | null,
): ProbeStanding {
  const { name, of } = probe;
  const judged = judgeProbe(probe, seen, nowMs);
  const result = { name, of, ...judged, since: nowMs, at: nowMs };
  if (before === null || before.said.of !== of) return { said: result, doubt: null };
  const { said, doubt } = before;
  if (said.state === result.state) return { said: { ...result, since: said.since }, doubt: null };
  if (doubt?.state === result.state) return { said: { ...result, since: doubt.since }, doubt: null };
  return { said, doubt: { state: result.state, since: nowMs } };
}

/** How long until it is asked again, in milliseconds. Pure. */
export function pauseAfter(probe: HostProbe, { said, doubt }: ProbeStanding): number {
  return pauseMsOf(probe, doubt !== null || said.state !== 'pass');
}

/**
 * Whether what was seen then was seen since something was changed. Documents say whole seconds; within the same one it
 * may have been before. Pure.
 */
export const isSince = (atMs: number, changedMs: number): boolean =>
  Math.floor(atMs / 1000) > Math.floor(changedMs / 1000);

import type { Probe, ProbeResult, ProbeState } from './probe.ts';
import { definitionOf, isStale } from './probe.ts';

/** How a probe stood when a deployment began: what it is compared with afterwards. */
export interface ProbeBefore {
  readonly name: string;
  readonly of: string;
  /** Null: it had not been asked, or not for long. */
  readonly state: ProbeState | null;
}

/** What the probes that are held against a release say of it. */
export interface ProbesSeen {
  /** Fail for as long as counts, one phrase; null: none does. */
  readonly failed: string | null;
  /** One fails, and not for long enough to count. */
  readonly isOpen: boolean;
  /** Why one can't be judged, one sentence; null: each can. */
  readonly unknown: string | null;
  /** What they came to, for the end; empty: there are none. */
  readonly said: readonly string[];
}

/** The probes of an environment as they stand at a moment. Pure. */
export function probesBefore(
  probes: readonly Probe[],
  results: readonly ProbeResult[],
  nowMs: number,
): ProbeBefore[] {
  return probes.map((probe) => {
    const of = definitionOf(probe);
    const last = results.find((result) => result.name === probe.name && result.of === of);
    const state = last === undefined || isStale(probe, last, nowMs) ? null : last.state;
    return { name: probe.name, of, state };
  });
}

/**
 * Compares before and after. A probe that did not pass before is not held against the release; one that changed since
 * neither. A failure counts once it was seen at its beginning and again `steadyMs` later. When none of an environment's
 * probes gets a connection, that may be the asker's own network, and counts for nothing. Pure.
 * @param sinceMs when the release had succeeded: what is older does not prove that a probe passes
 */
export function compareProbes(
  before: readonly ProbeBefore[],
  now: readonly ProbeResult[],
  sinceMs: number,
  steadyMs: number,
): ProbesSeen {
  const held = before
    .filter(({ state }) => state === 'pass')
    .flatMap(({ name, of }) => now.find((result) => result.name === name && result.of === of) ?? []);
  // Another one that got a connection while this one did not: it is not the asker's own network.
  const reachedAt = Math.max(0, ...now.filter(({ state }) => state !== 'unreached').map(({ at }) => at));
  const badUntil = ({ state, at }: ProbeResult): number => (state === 'fail' ? at : Math.min(at, reachedAt));
  const bad = held.filter((result) => result.state !== 'pass' && badUntil(result) >= result.since);
  const failing = bad.filter((result) => badUntil(result) - result.since >= steadyMs);
  const alone = held.filter((result) => result.state === 'unreached' && !bad.includes(result));
  const late = held.filter(({ at }) => at <= sinceMs).map(({ name }) => name);
  const others = before.filter(({ state }) => state !== 'pass').map(({ name }) => name);
  return {
    failed: failing.length === 0 ? null : failing.map(({ name, reason }) => `${name}: ${reason}`).join('; '),
    isOpen: bad.length > failing.length,
    unknown: unknownOf(alone, late),
    said: [
      ...(held.length === 0 ? [] : [`${held.length} ${held.length === 1 ? 'probe passes' : 'probes pass'}`]),
      ...(others.length === 0 ? [] : [`not counted, as they did not pass before: ${others.join(', ')}`]),
    ],
  };
}

function unknownOf(alone: readonly ProbeResult[], late: readonly string[]): string | null {
  if (alone.length > 0) {
    const names = alone.map(({ name }) => name).join(', ');
    return `The root server gets no connection to ${names}, nor to any other, which its own network may be the cause of`;
  }
  return late.length > 0 ? `Not asked since: ${late.join(', ')}` : null;
}

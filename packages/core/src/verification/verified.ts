import { mostFailing } from '../deployment/after.ts';
import type { HostCount } from '../deployment/deployment.ts';
import { hosts } from '../deployment/words.ts';
import { timeOf } from '../time.ts';
import { type HostWord, stateOn } from './on-hosts.ts';
import { definitionOf, isStale, type Probe, type ProbeResult } from './probe.ts';
import { isSince } from './standing.ts';

/** For how long a probe has to have passed, and what it has to have been asked after. Times: milliseconds since 1970. */
export interface Passing {
  readonly seconds: number;
  readonly afterMs: number;
  readonly nowMs: number;
}

/** Why a probe of the root server can't be said to pass for so long, in a few words; null: it can. Pure. */
export function unverified(
  probe: Probe,
  last: ProbeResult | null,
  { seconds, afterMs, nowMs }: Passing,
): string | null {
  const { name } = probe;
  const isKnown = last !== null && last.of === definitionOf(probe) && !isStale(probe, last, nowMs);
  if (!isKnown || last.at <= afterMs) return `${name} was not asked since`;
  if (last.state !== 'pass') return `${name}: ${last.reason}`;
  const fromMs = last.since + seconds * 1000;
  return nowMs < fromMs ? `${name} passes since ${timeOf(last.since)} only` : null;
}

/**
 * The same of a probe that hosts ask: it has to pass on all but as many of them as may fail. Pure.
 * @param words of the hosts that are to ask it
 */
export function unverifiedOnHosts(
  probe: Probe,
  words: readonly HostWord[],
  { seconds, nowMs }: Passing,
  rules: { readonly maxFailed: HostCount | null; readonly maxUnavailable: HostCount },
): string | null {
  const of = definitionOf(probe);
  const passing = words.filter((word) => {
    const { state, result } = stateOn(word, { name: probe.name, of });
    const isLong = result !== null && nowMs - result.since >= seconds * 1000;
    return state === 'pass' && isLong && isSince(result.at, word.changed);
  });
  const asked = words.length;
  if (asked === 0) return `${probe.name} is asked by no host`;
  if (asked - passing.length <= mostFailing(rules, { asked })) return null;
  const long = seconds === 0 ? '' : ` for ${seconds} s`;
  return `${probe.name} has passed${long} on ${passing.length} of ${hosts(asked)}`;
}

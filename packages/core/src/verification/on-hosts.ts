import type { ProbeResult, ProbeState } from './probe.ts';
import { isSince } from './standing.ts';

/** A probe that hosts ask. */
interface Asked {
  readonly name: string;
  readonly of: string;
}

/** What a host says of the probes that it asks. Times: milliseconds since 1970, by the host's clock. */
export interface HostWord {
  readonly host: string;
  /** Whether its newest report is still its word; false: it may have fallen silent. */
  readonly isHeard: boolean;
  /** When something that it runs was changed last; 0: nothing is known. */
  readonly changed: number;
  readonly results: readonly ProbeResult[];
}

/** On which hosts a probe passed when a deployment began. */
export interface HostsBefore extends Asked {
  readonly passed: readonly string[];
}

/** What the hosts that ask a probe say of it, afterwards. */
export interface HostsSeen {
  readonly name: string;
  /** Hosts that are to ask it. */
  readonly asked: number;
  /** It passed there before. */
  readonly held: number;
  /** It passed there before, and does not now. */
  readonly failing: number;
  /** It passed there before, and what it does now is not known. */
  readonly unknown: number;
  /** What one of those that fail saw; null: none does. */
  readonly reason: string | null;
}

const resultOn = ({ results }: HostWord, { name, of }: Asked): ProbeResult | undefined =>
  results.find((result) => result.name === name && result.of === of);

/** `silent`: nobody knows. */
export type HostState = ProbeState | 'silent';

/** How a probe stands on a host. Pure. */
export function stateOn(word: HostWord, probe: Asked): { state: HostState; result: ProbeResult | null } {
  const result = (word.isHeard ? resultOn(word, probe) : undefined) ?? null;
  return { state: result?.state ?? 'silent', result };
}

/** @param words of the hosts that are to ask it. Pure. */
export function passedOn(probe: Asked, words: readonly HostWord[]): HostsBefore {
  const passed = words.filter((word) => stateOn(word, probe).state === 'pass').map(({ host }) => host);
  return { name: probe.name, of: probe.of, passed };
}

/**
 * Compares before and after on each host for itself. A host counts only where the probe passed before and is the same
 * still. `unreached` counts as failing while the host gets a connection by another probe: else its own network may be the
 * cause. What was asked before the host changed something proves nothing. Pure.
 * @param words of the hosts that are to ask it
 * @returns what is seen, and the hosts that fail
 */
export function compareOnHosts(
  before: HostsBefore,
  words: readonly HostWord[],
): { readonly seen: HostsSeen; readonly failing: readonly string[] } {
  const passed = new Set(before.passed);
  const held = words.filter(({ host }) => passed.has(host));
  const failing: string[] = [];
  let unknown = 0;
  let reason: string | null = null;
  for (const word of held) {
    const { result } = stateOn(word, before);
    const isAlone = result?.state === 'unreached' && word.results.every(({ state }) => state === 'unreached');
    if (result === null || isAlone || !isSince(result.at, word.changed)) {
      unknown += 1;
    } else if (result.state !== 'pass') {
      failing.push(word.host);
      reason ??= result.reason;
    }
  }
  const seen = {
    name: before.name,
    asked: words.length,
    held: held.length,
    failing: failing.length,
    unknown,
  };
  return { seen: { ...seen, reason }, failing };
}

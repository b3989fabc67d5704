import { timeMs } from '../time.ts';
import type { Revoked } from '../wire/desired-state.ts';

/**
 * The revocations that hold after a desired state: what it says, and what was accepted before and has not ended. Later
 * direction can't take one back: who steals a director's key gains no revoked host. By host, the later end counts. Pure.
 */
export function revokedAfter(
  before: readonly Revoked[],
  said: readonly Revoked[],
  nowMs: number,
): readonly Revoked[] {
  const held = new Map<string, Revoked>();
  for (const one of [...before.filter(({ until }) => timeMs(until) > nowMs), ...said]) {
    const other = held.get(one.host);
    if (other === undefined || timeMs(one.until) > timeMs(other.until)) held.set(one.host, one);
  }
  return [...held.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
}

import type { Digest, EnvironmentId } from '../ids.ts';
import { type Lift, mostQuarantined, type Quarantine } from '../wire/quarantine.ts';

/** A quarantine as a host remembers it: with the environment whose direction said it. */
export interface Quarantined extends Quarantine {
  readonly environment: EnvironmentId;
}

/**
 * The quarantines that a host remembers after a desired state: those that it remembered, and what is said now, without
 * what verified lifts lift. Leaving one out takes nothing back, nor does another one under its id. At the bound what
 * was remembered stays, and the host takes nothing (`takesNothing`): dropping one for another would be a way to lift.
 * Pure; the order depends on nothing but what is in it.
 */
export function quarantinedAfter(
  before: readonly Quarantined[],
  environment: EnvironmentId,
  said: readonly Quarantine[],
  lifts: readonly Lift[],
): readonly Quarantined[] {
  const held = new Map<string, Quarantined>();
  const named = said.map(({ product, release, version, id, since }) => {
    return { environment, product, release, version, id, since };
  });
  for (const one of [...before, ...named.sort(byKey)]) {
    const key = keyOf(one);
    if (held.has(key) || lifts.some((lift) => isLiftedBy(one, lift))) continue;
    if (held.size < mostQuarantined) held.set(key, one);
  }
  return [...held.values()].sort(byKey);
}

/** Whether a lift names just this quarantine, in all that it says. */
export function isLiftedBy(one: Quarantined, lift: Lift): boolean {
  return (
    one.id === lift.quarantine &&
    one.environment === lift.environment &&
    one.release === lift.release &&
    one.product === lift.product &&
    one.version === lift.version
  );
}

/** Whether as many are remembered as can be: then nobody knows what is not. */
export const takesNothing = (held: readonly Quarantined[]): boolean => held.length >= mostQuarantined;

/** The quarantine that holds a release back, or undefined. */
export const holdsBack = (held: readonly Quarantined[], release: Digest): Quarantined | undefined =>
  held.find((one) => one.release === release);

const keyOf = ({ environment, product, release, version, id }: Quarantined): string =>
  [release, id, environment, product, version].join(' ');

function byKey(a: Quarantined, b: Quarantined): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
